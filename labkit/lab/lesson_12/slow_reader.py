"""stub"""


class Staleness: ...


def read_slowly(): ...
