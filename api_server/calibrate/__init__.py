"""Which settings suit a model, a machine and somebody's own recordings: `python -m api_server.calibrate FILES…`."""
