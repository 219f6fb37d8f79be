"""`python -m target_clevertap` is `target-clevertap`."""

from target_clevertap.cli import main

if __name__ == "__main__":
    main()
