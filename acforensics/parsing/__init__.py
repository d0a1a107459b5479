"""What log lines mean: definitions from `parsers/*.toml`, compiled into one scan, applied to records."""
