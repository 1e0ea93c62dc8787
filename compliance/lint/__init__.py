"""What is wrong with a policy that loads: one file per check. Nothing here evaluates a post of a person."""
