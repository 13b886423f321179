"""The rules of the room, pure: who is who on a list, what lists add up to, what is answered."""
