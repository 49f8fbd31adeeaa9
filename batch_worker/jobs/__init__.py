"""What is promised to a job, and what keeps the promise: store, queue, blobs, leases, dispatcher."""
