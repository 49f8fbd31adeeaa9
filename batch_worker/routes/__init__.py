"""The interfaces of the batch_worker: thin edges over `jobs`."""
