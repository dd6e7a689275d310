from meterd.client.buffer import MAX_BODY_BYTES, Buffer


def sizes(buffer: Buffer) -> list[tuple[str, int]]:
    return [(batch.datasource, len(batch.lines)) for batch in buffer.batches]


def test_a_batch_is_made_when_there_are_enough_rows_of_one_datasource() -> None:
    buffer = Buffer(batch_size=3, max_rows=100)
    buffer.add("a", [b"{}"] * 2)
    buffer.add("b", [b"{}"] * 7)
    assert sizes(buffer) == [("b", 3), ("b", 3)]
    buffer.cut()
    assert sizes(buffer) == [("b", 3), ("b", 3), ("a", 2), ("b", 1)]
    assert [batch.number for batch in buffer.batches] == [1, 2, 3, 4]


def test_every_batch_has_a_key_of_its_own() -> None:
    buffer = Buffer(batch_size=1, max_rows=100)
    buffer.add("a", [b"{}"] * 50)
    assert len({batch.key for batch in buffer.batches}) == 50


def test_a_body_never_exceeds_the_largest_unless_one_row_does() -> None:
    buffer = Buffer(batch_size=100, max_rows=100, max_bytes=10)
    buffer.add("a", [b"1234", b"56789", b"x", b"larger than all", b"y"])
    buffer.cut()
    bodies = [b"\n".join(batch.lines) for batch in buffer.batches]
    assert bodies == [b"1234\n56789", b"x", b"larger than all", b"y"]


def test_the_largest_body_is_well_below_what_the_server_takes() -> None:
    assert MAX_BODY_BYTES <= 64 * 2**20 / 2


def test_rows_in_batches_take_room_until_they_are_dropped() -> None:
    buffer = Buffer(batch_size=2, max_rows=5)
    assert [buffer.add("a", [b"{}"] * 3), buffer.add("b", [b"{}"] * 3), buffer.add("a", [b"{}"])] == [3, 2, 0]
    first = buffer.batches[0]
    buffer.drop(first)
    buffer.drop(first)
    assert (buffer.rows, buffer.add("b", [b"{}"] * 3)) == (3, 2)
