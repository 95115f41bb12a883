"""`python -m bluetick`."""

from bluetick.cli.main import main

if __name__ == "__main__":
    main()
