"""What secrets look like in text: formats of providers, words around passwords and codes, and what only looks like one."""
