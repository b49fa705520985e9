"""What is to be seen of a running shop: metrics, traces and latencies."""
