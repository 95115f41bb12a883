"""What alerts say: rows grouped, entities and details taken from them."""
