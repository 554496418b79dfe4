"""What can be asked of the command line: a module for each command, with `main(arguments)` that gives an exit code."""
