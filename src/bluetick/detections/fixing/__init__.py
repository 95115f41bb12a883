"""Proposals that mend what the lint finds. They are shown and written elsewhere: a document is never edited."""
