"""RE2's regular expressions read into a tree, and printed for engines that have other ones. Loaded for Spark only."""
