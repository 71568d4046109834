"""Our networks beside the ones they are after, with the same weights: how far apart their outputs are.

Each module takes the paths of upstream checkouts as arguments. What those import beside torch and is not
installed here is stood in for inside the process (`stand_ins`); nothing of theirs is copied.
"""
