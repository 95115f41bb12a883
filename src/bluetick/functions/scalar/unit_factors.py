"""How many base units each unit is, exactly as the product counts; the names are those of its pages."""

import math
from fractions import Fraction

_PREFIXES = {
    "Nano": Fraction(1, 10**9),
    "Micro": Fraction(1, 10**6),
    "Milli": Fraction(1, 10**3),
    "Centi": Fraction(1, 100),
    "Deci": Fraction(1, 10),
    "Deca": Fraction(10),
    "Hecto": Fraction(100),
    "Kilo": Fraction(10**3),
    "Mega": Fraction(10**6),
    "Giga": Fraction(10**9),
    "Tera": Fraction(10**12),
}


def _factors(table: str) -> dict[str, Fraction]:
    """A line holds a unit, its factor (`a`, `a*b` or `a/b`), and the prefixes that it is used with."""
    found: dict[str, Fraction] = {}
    for line in table.strip().splitlines():
        unit, factor, *prefixes = line.split()
        found[unit] = _number(factor)
        for prefix in prefixes:
            found[prefix + unit[0].lower() + unit[1:]] = found[unit] * _PREFIXES[prefix]
    return found


def _number(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    product = Fraction(1)
    for part in numerator.split("*"):
        product *= Fraction(part)
    return product / Fraction(denominator or "1")


# Degrees. A tilt has no factor: it is the sine of its angle.
ANGLES = {
    **_factors("""
        Arcminute 1/60
        Arcsecond 1/3600
        Degree 1 Nano Micro Milli
        Gradian 0.9
        NatoMil 9/160
        Revolution 360
    """),
    **{
        f"{prefix}{'radian' if prefix else 'Radian'}": scale * 180 / Fraction(math.pi)
        for prefix, scale in (("", Fraction(1)), *_PREFIXES.items())
        if scale <= 1
    },
}

# Joules.
ENERGIES = _factors("""
    BritishThermalUnit 1055.05585262 Kilo Mega Giga
    Calorie 4.184 Kilo Mega
    ElectronVolt 1.602176565e-19 Kilo Mega Giga Tera
    Erg 1e-7
    FootPound 1.355817948
    HorsepowerHour 2.6845195377e6
    Joule 1 Milli Kilo Mega Giga
    ThermEc 1.05505585262e8 Deca
    ThermImperial 1.05505585257348e8 Deca
    ThermUs 1.054804e8 Deca
    WattDay 86400 Kilo Mega Giga Tera
    WattHour 3600 Kilo Mega Giga Tera
""")

# Newtons.
FORCES = _factors("""
    Dyn 1e-5
    KilogramForce 9.80665002864
    KiloPond 9.80665002864
    Newton 1 Micro Milli Deca Kilo Mega
    OunceForce 0.2780138509537812
    Poundal 0.13825502798973041652092282466083
    PoundForce 4.4482216152605095551842641431421 Kilo
    ShortTonForce 8896.443230521
    TonneForce 9806.65002864
""")

# Metres.
LENGTHS = _factors("""
    Angstrom 1e-10
    AstronomicalUnit 1.4959787070e11
    Chain 20.1168
    DataMile 1828.8
    DtpPica 1/236.220472441
    DtpPoint 0.0254/72
    Fathom 1.8288
    Foot 0.3048
    Hand 0.1016
    Inch 0.0254 Micro
    LightYear 9.46073047258e15 Kilo Mega
    Meter 1 Nano Micro Milli Centi Deci Deca Hecto Kilo
    Mil 0.0000254
    Mile 1609.34
    NauticalMile 1852
    Parsec 3.08567758128e16 Kilo Mega
    PrinterPica 1/237.106301584
    PrinterPoint 0.0254/72.27
    Shackle 27.432
    SolarRadius 6.9551e8
    Twip 1/56692.913385826
    UsSurveyFoot 1200/3937
    Yard 0.9144
""")

# Kilograms.
MASSES = _factors("""
    EarthMass 5.9722e24
    Grain 1/15432.358352941431
    Gram 0.001 Nano Micro Milli Centi Deci Deca Hecto Kilo
    LongHundredweight 1/0.01968413055222121
    LongTon 1016.0469088
    Ounce 1/35.2739619
    Pound 0.45359237 Kilo Mega
    ShortHundredweight 1/0.022046226218487758
    ShortTon 907.18474
    Slug 1/0.06852176556196105
    SolarMass 1.98947e30
    Stone 1/0.1574731728702698
    Tonne 1000 Kilo Mega
""")

# Metres in a second.
SPEEDS = _factors("""
    FootPerHour 0.3048/3600
    FootPerMinute 0.3048/60
    FootPerSecond 0.3048
    InchPerHour 0.0254/3600
    InchPerMinute 0.0254/60
    InchPerSecond 0.0254
    Knot 0.514444
    MeterPerHour 1/3600 Milli Centi Kilo
    MeterPerMinute 1/60 Nano Micro Milli Centi Deci Kilo
    MeterPerSecond 1 Nano Micro Milli Centi Deci Kilo
    MilePerHour 0.44704
    UsSurveyFootPerHour 1/11811
    UsSurveyFootPerMinute 20/3937
    UsSurveyFootPerSecond 1200/3937
    YardPerHour 0.9144/3600
    YardPerMinute 0.9144/60
    YardPerSecond 0.9144
""")

# Cubic metres.
VOLUMES = _factors("""
    AcreFoot 1/0.000810714
    AuTablespoon 2e-5
    BoardFoot 2.3597372158e-3
    CubicCentimeter 1e-6
    CubicDecimeter 1e-3
    CubicFoot 0.0283168 Hecto Kilo Mega
    CubicHectometer 1e6
    CubicInch 1.6387e-5
    CubicKilometer 1e9
    CubicMeter 1 Hecto Kilo
    CubicMicrometer 1e-18
    CubicMile 4.16818182544058e9
    CubicMillimeter 1e-9
    CubicYard 0.764554858
    ImperialBeerBarrel 0.16365924
    ImperialGallon 0.00454609000000181429905810072407 Kilo Mega
    ImperialOunce 2.8413062499962901241875439064617e-5
    ImperialPint 5.6826125e-4
    Liter 1e-3 Micro Milli Centi Deci Deca Hecto Kilo Mega
    MetricCup 0.00025
    MetricTeaspoon 5e-6
    OilBarrel 0.158987294928
    UkTablespoon 1.5e-5
    UsBeerBarrel 0.1173477658
    UsCustomaryCup 0.0002365882365
    UsGallon 0.00378541 Deci Deca Hecto Kilo Mega
    UsLegalCup 0.00024
    UsOunce 2.957352956253760505068307980135e-5
    UsPint 4.73176473e-4
    UsQuart 9.46352946e-4
    UsTablespoon 1.478676478125e-5
    UsTeaspoon 4.92892159375e-6
""")

_ICE = Fraction("273.15")  # where Celsius begins, in kelvins
_FAHRENHEIT_ZERO = Fraction("459.67") * 5 / 9

# How many kelvins a degree is, and at how many kelvins the scale begins.
TEMPERATURES: dict[str, tuple[Fraction, Fraction]] = {
    "DegreeCelsius": (Fraction(1), _ICE),
    "DegreeDelisle": (Fraction(-2, 3), _ICE + 100),
    "DegreeFahrenheit": (Fraction(5, 9), _FAHRENHEIT_ZERO),
    "DegreeNewton": (Fraction(100, 33), _ICE),
    "DegreeRankine": (Fraction(5, 9), Fraction(0)),
    "DegreeReaumur": (Fraction(5, 4), _ICE),
    "DegreeRoemer": (Fraction(40, 21), _ICE - Fraction(300, 21)),
    "Kelvin": (Fraction(1), Fraction(0)),
    "MillidegreeCelsius": (Fraction(1, 1000), _ICE),
    "SolarTemperature": (Fraction(5778), Fraction(0)),
}
