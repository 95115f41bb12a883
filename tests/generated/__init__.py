"""Generated checks: random typed KQL held beside itself rewritten, beside Spark, and beside an evaluator in Python."""
