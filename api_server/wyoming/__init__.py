"""Home Assistant's voice assistants, by the Wyoming protocol over TCP, on the native streams."""
