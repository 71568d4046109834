"""What the services share: settings, ledger, objects, dispatch, webhooks."""
