"""The teaching demo: a few real processes edit one real go.mod, and each step of the lock is seen as it happens.

player, seam, syscalls    the child: the real `Edit`, stopped in front of each of its system calls
stage                     the parent's side of the children: let one go on, see it sleep, kill it
script, told              whose turn it is, and what is said about what happened
content, frame, transcript, paint   what people see: rows of text
terminal, show            keys, the screen, and the way back
"""
