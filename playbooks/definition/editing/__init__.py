"""Edits of a playbook: a document goes in with what a form sent, and a document comes out. The thinking behind the editor; pure."""
