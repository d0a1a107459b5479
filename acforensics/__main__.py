"""`python -m acforensics` does the same as `acforensics`."""

from acforensics.cli import main

main()
