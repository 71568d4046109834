"""Steps from the ledger to the workers and back: outbox, claims, leases, what comes next."""
