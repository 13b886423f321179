"""Invented people, and the ways their names go wrong: what the name engine is measured on.

Apart from the engine on purpose: nothing here imports it, and the slips are written from how registries, booking
systems and tired officers write names, not from what the engine undoes. ``FIT`` is the mix its penalties were set on;
``REPORT``, with another seed, is the one figures are reported from.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN = _words(
    "María José Juan Guadalupe Francisco Antonio Juana Margarita Jesús Pedro Rosa Manuel Verónica Miguel Teresa "
    "Alejandro Leticia Luis Patricia Carlos Elizabeth Jorge Martha Roberto Gabriela Javier Silvia Fernando Adriana "
    "Ricardo Araceli Raúl Yolanda Arturo Alejandra Martín Josefina Rafael Norma Daniel Irma Eduardo Sandra Sergio "
    "Laura Mario Rosario Óscar Lucía Alberto Esperanza Gerardo Dulce Víctor Ángel Concepción Salvador Ana Ignacio "
    "Isabel Enrique Lorena Armando Guillermo Héctor Alicia Andrés Beatriz Diego Carmen Hugo Elena Julio Fernanda "
    "Rubén Mónica Emilio Claudia Joel Karla Noé Brenda Edgar Nayeli Iván Itzel Ulises Ximena Saúl Renata Aldo Abril "
    "Braulio Zulema Citlali Hilario Crisóforo Eusebio Filiberto Nohemí Obdulia Petra Librado Macario Domitila "
    "Herlinda Rutilio Serafín Tiburcio Wilfrido Zenaida"
)
SURNAMES = _words(
    "Hernández García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez Morales Vázquez "
    "Reyes Jiménez Torres Díaz Gutiérrez Ruiz Mendoza Aguilar Ortiz Moreno Castillo Romero Álvarez Méndez Chávez "
    "Rivera Juárez Ramos Domínguez Herrera Medina Castro Vargas Guzmán Velázquez Rojas Muñoz Contreras Salazar Luna "
    "Garza Ortega Guerrero Estrada Bautista Soto Cortés Lara Espinoza Ávila Ríos Silva Alvarado Cervantes Nava "
    "Núñez Sandoval Delgado Vega Carrillo Ibarra Peña León Mejía Solís Valdez Campos Molina Orozco Robles Camacho "
    "Padilla Rosas Cabrera Fuentes Valencia Acosta Miranda Zamora Pacheco Meza Salas Navarro Barrera Trejo Rangel "
    "Ochoa Serrano Mora Maldonado Cárdenas Villanueva Bravo Tapia Arellano Ayala Quiñones Argüello Güereña Ybarra "
    "Zepeda Xicoténcatl Tlatelpa Cuautle Ixtlahuac Ek Pech Chan Canul Uc Zúñiga Yáñez Urquiza Echegaray Goicoechea "
    "Etxeberria Lizárraga Olachea Murguía Iñárritu Belaunzarán Zubizarreta"
)
COMPOUND = (
    "de la Cruz",
    "de la Torre",
    "del Río",
    "Montes de Oca",
    "de León",
    "de los Santos",
    "Ponce de León",
    "de la O",
    "San Juan",
)
ENGLISH_GIVEN = _words(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret "
    "Donald Ashley Steven Kimberly Tyler Brittany Jordan Kayla Austin Courtney Dustin Lindsey Trevor Mallory"
)
ENGLISH_SURNAMES = _words(
    "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson Thompson White Harris "
    "Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Nelson Baker Hall Campbell Mitchell "
    "Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers Morgan Cooper "
    "Peterson Bailey Reed Kelly Howard Cox Ward Richardson Watson Brooks Wood Bennett Gray Hughes Price Myers Long "
    "Foster Sanders Ross Whitaker Hollingsworth Abernathy"
)
NICKNAMES = {
    "José": "Pepe", "Francisco": "Paco", "Guillermo": "Memo",
    "Jesús": "Chuy", "Ignacio": "Nacho", "Guadalupe": "Lupe",
    "Enrique": "Quique", "Concepción": "Concha", "Eduardo": "Lalo",
    "Robert": "Bob", "William": "Bill", "Michael": "Mike",
    "Elizabeth": "Liz", "Richard": "Rick", "James": "Jim", "Margaret": "Peggy", "Salvador": "Chava", "Rafael": "Rafa",
}  # fmt: skip
SHORTENED = {
    "María": "Ma.", "Guadalupe": "Gpe.", "Francisco": "Fco.",
    "Hernández": "Hdez.", "González": "Glez.", "Gutiérrez": "Gtz.",
    "Martínez": "Mtz.", "Rodríguez": "Rdz.", "Fernández": "Fdez.",
    "Sánchez": "Schz.", "Domínguez": "Dguez.", "Jiménez": "Jmz.",
}  # fmt: skip
RESPELLED = (
    ("z", "s"), ("s", "z"), ("v", "b"), ("b", "v"), ("ll", "y"),
    ("y", "ll"), ("ce", "se"), ("ci", "si"), ("h", ""), ("gi", "ji"),
    ("ge", "je"), ("je", "ge"), ("qui", "ki"), ("c", "k"), ("ñ", "n"), ("x", "j"), ("nn", "n"), ("i", "y"),
)  # fmt: skip
_ONSETS = _words("b c ch d f g gr h j l ll m n p pr qu r s t tr v y z br cl tl")
_ENDS = _words("ez ano ales era illo ín ón osa eta ate úa ondo arte izo añez uelo ardo eira ich ova")


@dataclass(frozen=True)
class Person:
    """Nobody: every one is invented."""

    given: tuple[str, ...]
    surname1: str
    surname2: str
    birth_date: str
    nationality: str
    document: str
    written: str = ""  # the name as one text, where a slip destroys its parts

    @property
    def name(self) -> str:
        return self.written or " ".join(filter(None, (*self.given, self.surname1, self.surname2)))


@dataclass(frozen=True)
class Mix:
    """How often each slip of the name and of the date of birth happens."""

    names: dict[str, int]
    births: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A query and the entry it should find, if any."""

    query: Person
    entry: int | None
    kind: str


class People:
    """Draws people: surnames by a steep distribution, with a long tail of surnames nobody has seen."""

    def __init__(self, seed: int, tail: int = 4_000) -> None:
        self.random = random.Random(seed)
        drawn = random.Random(7)  # the same tail for list and queries
        self.surnames = [*SURNAMES, *sorted({self._invented(drawn) for _ in range(tail)})]
        self.weights = list(accumulate(1.0 / (rank + 8) for rank in range(len(self.surnames))))
        self.given_weights = list(accumulate(1.0 / (rank + 6) for rank in range(len(GIVEN))))

    @staticmethod
    def _invented(drawn: random.Random) -> str:
        middle = "".join(drawn.choice(_ONSETS) + drawn.choice("aeiou") for _ in range(drawn.choice((1, 1, 2))))
        return (middle + drawn.choice("lmnrst") + drawn.choice(_ENDS)).capitalize()

    def surname(self) -> str:
        if self.random.random() < 0.04:
            return self.random.choice(COMPOUND)
        return self.random.choices(self.surnames, cum_weights=self.weights)[0]

    def person(self) -> Person:
        spanish = self.random.random() < 0.7
        if spanish:
            count = 2 if self.random.random() < 0.55 else 1
            given = tuple(dict.fromkeys(self.random.choices(GIVEN, cum_weights=self.given_weights, k=count)))
            first, second = self.surname(), self.surname()
        else:
            given = tuple(self.random.sample(ENGLISH_GIVEN, 2 if self.random.random() < 0.4 else 1))
            first, second = self.random.choice(ENGLISH_SURNAMES), ""
            if self.random.random() < 0.5:
                first = self.random.choice(self.surnames[200:])
        born = date(1940, 1, 1) + timedelta(days=self.random.randrange(25_500))
        letters = "".join(self.random.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=1)) + f"{self.random.randrange(10**8):08}"
        return Person(given, first, second, born.isoformat(), "MEX" if spanish else "USA", letters)

    def people(self, count: int) -> list[Person]:
        return [self.person() for _ in range(count)]


def plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _slip(word: str, dice: random.Random) -> str:
    if len(word) < 4:
        return word
    place = dice.randrange(1, len(word) - 1)
    kind = dice.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    letter = dice.choice("abcdefghijklmnopqrstuvwxyz")
    return word[:place] + letter + word[place + (kind == 2) :]


def _typo(person: Person, dice: random.Random) -> Person:
    """One slip of the fingers in one word."""
    words = plain(person.name).split()
    long = [place for place, word in enumerate(words) if len(word) > 3]
    if long:
        place = dice.choice(long)
        words[place] = _slip(words[place], dice)
    return replace(person, written=" ".join(words))


def _two_typos(person: Person, dice: random.Random) -> Person:
    words = plain(person.name).split()
    long = [place for place, word in enumerate(words) if len(word) > 4]
    for place in dice.sample(long, min(2, len(long))):
        words[place] = _slip(words[place], dice)
    return replace(person, written=" ".join(words))


def _respelled(person: Person, dice: random.Random) -> Person:
    text = person.name.lower()
    fitting = [pair for pair in RESPELLED if pair[0] in text]
    for one, other in dice.sample(fitting, min(2, len(fitting))):
        text = text.replace(one, other, 1)
    return replace(person, written=plain(text).upper())


def _machine_readable(person: Person, dice: random.Random) -> Person:
    wide = {"Ñ": dice.choice(("N", "NXX")), "Ü": dice.choice(("UE", "UXX", "U"))}
    surnames = "<".join(filter(None, (person.surname1, person.surname2))).upper()
    given = "<".join(person.given).upper()
    text = f"{surnames}<<{given}".replace(" ", "<")
    for letter, to in wide.items():
        text = text.replace(letter, to)
    return replace(person, written=plain(text))


def _shortened(person: Person, dice: random.Random) -> Person:
    words = [SHORTENED.get(word, word) for word in person.name.split()]
    return replace(person, written=" ".join(words).upper())


def _joined(person: Person, dice: random.Random) -> Person:
    words = plain(person.name).split()
    place = dice.randrange(len(words) - 1)
    words[place : place + 2] = ["".join(words[place : place + 2])]
    return replace(person, written=" ".join(words))


def _split(person: Person, dice: random.Random) -> Person:
    words = plain(person.name).split()
    long = [place for place, word in enumerate(words) if len(word) > 6]
    if long:
        place = dice.choice(long)
        cut = dice.randrange(3, len(words[place]) - 2)
        words[place : place + 1] = [words[place][:cut], words[place][cut:]]
    return replace(person, written=" ".join(words))


def _initial(person: Person, dice: random.Random) -> Person:
    given = list(person.given)
    place = dice.randrange(len(given))
    given[place] = plain(given[place])[0] + "."
    return replace(person, given=tuple(given))


def _nickname(person: Person, dice: random.Random) -> Person:
    return replace(person, given=tuple(NICKNAMES.get(word, word) for word in person.given))


def _surname_first(person: Person, dice: random.Random) -> Person:
    between = dice.choice((" ", ", ", "/"))
    surnames = " ".join(filter(None, (person.surname1, person.surname2)))
    return replace(person, written=plain(surnames + between + " ".join(person.given)).upper())


def _several(person: Person, dice: random.Random) -> Person:
    """Two things at once: the second surname left out and a slip, or no accents, surname first and a respelling."""
    if dice.random() < 0.5:
        return _typo(replace(person, surname2=""), dice)
    return _respelled(_surname_first(person, dice), dice)


SLIPS: dict[str, Callable[[Person, random.Random], Person]] = {
    "as it is": lambda person, _: person,
    "no accents": lambda person, _: replace(person, written=plain(person.name).upper()),
    "one slip": _typo,
    "two slips": _two_typos,
    "respelled by ear": _respelled,
    "machine-readable zone": _machine_readable,
    "abbreviated": _shortened,
    "words joined": _joined,
    "word split": _split,
    "initial": _initial,
    "nickname": _nickname,
    "surname first": _surname_first,
    "second surname left out": lambda person, _: replace(person, surname2=""),
    "second given name left out": lambda person, _: replace(person, given=person.given[:1]),
    "several": _several,
}


def birth_slip(text: str, kind: str, dice: random.Random) -> str:
    year, month, day = text.split("-")
    if kind == "swapped" and int(day) <= 12:
        return f"{year}-{day}-{month}"
    if kind == "mistyped":
        if dice.random() < 0.3:
            return f"{int(year) + dice.choice((-1, 1))}-{month}-{'28' if month + day == '0229' else day}"
        place = dice.choice((2, 3))
        return f"{year[:place]}{dice.randrange(10)}{year[place + 1 :]}-{month}-{'28' if month + day == '0229' else day}"
    if kind == "year only":
        return year
    return text


FIT = Mix(
    dict.fromkeys(SLIPS, 10),
    {"equal": 88, "swapped": 5, "mistyped": 5, "year only": 2},
)
REPORT = Mix(
    {
        "as it is": 6, "no accents": 12, "one slip": 16,
        "two slips": 6, "respelled by ear": 12, "machine-readable zone": 14,
        "abbreviated": 6, "words joined": 8, "word split": 5, "initial": 6, "nickname": 6, "surname first": 12,
        "second surname left out": 12, "second given name left out": 10, "several": 8,
    },
    {"equal": 85, "swapped": 6, "mistyped": 7, "year only": 2},
)  # fmt: skip


def positives(entries: Sequence[Person], count: int, mix: Mix, seed: int) -> list[Case]:
    """Queries for people on the list."""
    dice = random.Random(seed)
    kinds, weights = list(mix.names), list(mix.names.values())
    births, birth_weights = list(mix.births), list(mix.births.values())
    cases = []
    for _ in range(count):
        entry = dice.randrange(len(entries))
        kind = dice.choices(kinds, weights)[0]
        query = SLIPS[kind](entries[entry], dice)
        born = birth_slip(entries[entry].birth_date, dice.choices(births, birth_weights)[0], dice)
        cases.append(Case(replace(query, birth_date=born, document=""), entry, kind))
    return cases


def negatives(entries: Sequence[Person], count: int, seed: int) -> list[Case]:
    """Queries for people who are not on the list: strangers, and relatives of those who are."""
    people, dice = People(seed), random.Random(seed + 1)
    cases = [Case(replace(person, document=""), None, "stranger") for person in people.people(count * 3 // 4)]
    spanish = [entry for entry in entries if entry.surname2]
    for _ in range(count - len(cases)):
        other, relative = people.person(), dice.choice(spanish)
        kind = dice.choice(("sibling", "namesake", "only the second surname", "surnames exchanged"))
        person = {
            "sibling": replace(other, surname1=relative.surname1, surname2=relative.surname2),
            "namesake": replace(relative, birth_date=other.birth_date),
            "only the second surname": replace(
                relative, surname1=relative.surname2, surname2="", birth_date=other.birth_date
            ),
            "surnames exchanged": replace(
                relative, surname1=relative.surname2, surname2=relative.surname1, birth_date=other.birth_date
            ),
        }[kind]
        cases.append(Case(replace(person, document=""), None, kind))
    return cases
