"""The service: everything that makes of floors and machines a site."""
