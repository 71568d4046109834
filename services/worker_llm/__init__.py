"""The worker of the queues llm and media: reads films, talks them through, mixes them."""
