"""The command line `svenska`: recordings, live speech, jobs, models and the services themselves, from a shell."""
