"""The routes of the api_server, one file each."""
