"""The bell: says over one socket a page that something changed, never what."""
