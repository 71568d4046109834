"""Languages by their tags: "fr", "fra", "fr_CA" and "fr-CA" are all French."""

import re

_TAG = re.compile(r"(?P<language>[a-z]{2,3})(?:[-_](?P<region>[a-z]{2}|\d{3}))?", re.IGNORECASE)

# ISO 639-1 codes of languages that voices are made for, each with its codes in ISO 639-2 and 639-3.
_CODES = """
am amh, ar ara, as asm, az aze azj, be bel, bg bul, bn ben, ca cat, cs ces cze, cy cym wel, da dan,
de deu ger, el ell gre, en eng, es spa, et est, eu eus baq, fa fas per, fi fin, fr fra fre, ga gle,
gl glg, gu guj, ha hau, he heb, hi hin, hr hrv, hu hun, hy hye arm, id ind, is isl ice, it ita,
ja jpn, jv jav, ka kat geo, kk kaz, km khm, kn kan, ko kor, lo lao, lt lit, lv lav, mk mkd, ml mal,
mn mon, mr mar, ms zlm msa, my mya, nb nob, ne nep, nl nld dut, no nor, or ory, pa pan, pl pol,
pt por, ro ron rum, ru rus, sk slk slo, sl slv, so som, sq sqi, sr srp, sv swe, sw swa swh, ta tam,
te tel, th tha, tl tgl, tr tur, uk ukr, ur urd, uz uzb, vi vie, yo yor, zh cmn zho chi
"""
_SHORT = {long: codes.split()[0] for codes in _CODES.split(",") for long in codes.split()[1:]}


def language_of(tag: str) -> str:
    """The language of a tag, in two letters where it has them; empty when it is no tag."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return ""
    language = found["language"].lower()
    return _SHORT.get(language, language)


def region_of(tag: str) -> str:
    """The region of a tag, in capitals; empty when it names none."""
    found = _TAG.fullmatch(tag)
    return (found["region"] or "").upper() if found else ""
