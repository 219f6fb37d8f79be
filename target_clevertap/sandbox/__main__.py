"""`python -m target_clevertap.sandbox` is `clevertap-sandbox`."""

from target_clevertap.sandbox.cli import main

if __name__ == "__main__":
    main()
