"""A stored text, small: zstd with typical frames as its dictionary.

`typical.jsonl`, seven simulated frames, is part of the format: what was packed with it is read with it, so another
text there would be another format. It brings a frame to a sixth, where zstd alone brings it to two fifths.
"""

from __future__ import annotations

from importlib.resources import files

from calltrack.journal.zstd import zstd

_LEVEL = 3
_LARGEST = 1 << 30  # bytes unpacked; whatever claims to be larger is damaged


class Packer:
    """Packs and unpacks; one thread at a time."""

    def __init__(self) -> None:
        typical = files("calltrack.journal").joinpath("typical.jsonl").read_bytes()
        self._dictionary = zstd.ZstdDict(typical, is_raw=True)
        self._out = zstd.ZstdCompressor(level=_LEVEL, zstd_dict=self._dictionary.as_digested_dict)

    def pack(self, text: bytes) -> bytes:
        """The text, packed."""
        return self._out.compress(text, zstd.ZstdCompressor.FLUSH_FRAME)

    def unpack(self, packed: bytes) -> bytes:
        """The text again; raises ValueError, with the reason, if it was not packed here."""
        try:
            length = zstd.get_frame_info(packed).decompressed_size
            if length is None or length > _LARGEST:
                raise ValueError("it has no believable length")
            reader = zstd.ZstdDecompressor(zstd_dict=self._dictionary)
            text = reader.decompress(packed)
        except zstd.ZstdError as error:
            raise ValueError(str(error)) from None
        if not reader.eof or reader.unused_data:
            raise ValueError("it is cut off" if not reader.eof else "it has more after its end")
        return text
