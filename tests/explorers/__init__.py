"""For each explorer: its page, states that its form admits, and the numbers that cnnref gives for them."""
