"""Content and experience along the customer's journey."""
