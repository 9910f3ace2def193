"""`python -m api.cli` is the console command."""

from api.cli import main

main()
