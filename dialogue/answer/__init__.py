"""The embedded grounded answerer: what can be said to a question out of typed facts, FAQ answers and passages."""
