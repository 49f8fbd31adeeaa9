"""`python -m svenska`."""

from svenska.app import main

if __name__ == "__main__":
    main()
