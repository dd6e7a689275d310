"""What people write without saying anything about anybody: orders, figures, prices, science, sports and licences."""

_ORDER = """\
Order <1000000-99999999999> of <date>: <1-9> x <thing>, article no. <100000-999999999>, $<2-900:2> each.
Invoice INV-<2019-2024>-<00001-99999> is due in <10-60> days.
"""
_TABLE = """\
Table 3
<1-999> <1-99999> <1-9999999> <1-9999999999>
<1-9999999999> <1-9999999> <1-99999> <1-99>
<100000000-999999999> <100000-999999> <100000000-999999999> <10000000000-99999999999>
"""
_DECIMALS = """\
run,a,b,c,d
<0-90:4>,-<0-90:4>,<0-90:4>,<0-9:4>
-<0-90:4>,<0-180:4>,<0-180:4>,<0-9:4>
"""
_BOOK = """\
The third edition (<1960-2024>, <90-900> pages, ISBN 978-<0-9>-<1000-9999>-<1000-9999>-<0-9>) costs £<5-90:2>; see
chapter <1-20>, doi:10.<1000-9999>/<1-999999>. The first one was ISBN 3-<100-999>-<10000-99999>-<0-9>.
"""
_MATHEMATICS = """\
Let f(x) = <2-9>x^<2-5> - <0-10:3>x + <1-1000>. Then f(<1-100>) = <1-99999999>, \\int_0^{<1-9>} f = <1-999999:4>
and pi is about 3.14159265358979. The number <1-999999999> has <2-9> factors.
"""
_SCIENCE = """\
We heated <1-500:1> mg of <substance> to <20-900:1> °C at <1-3:3> bar; the peak at <400-4000:1> cm-1 (n = <9-99>,
p < 0.0<1-9>, 95 % CI <0-1:2>-<1-2:2>) moved by <1-40:2> nm, k = <1-9:4>e-<10-23> J/K.
"""
_SPORTS = """\
Matchday <1-34>: <club> <0-5>-<0-5> <club> (half-time <0-2>:<0-2>), <club> <0-5>-<0-5> <club>. The 4 x 100 m relay
was won in <37-45:2> s before <10000-80000> people, the marathon in 2:<10-59>:<10-59>.
"""
_SCHEDULE = """\
The review moved from <date> <00-23>:<00-59> to <date>, room <100-999>, floor <1-30>. Please call in ten minutes
early. Train <10-9999> leaves platform <1-24> at <00-23>:<00-59> and takes <1-9>h<00-59>.
"""
_SCREEN = """\
Click at (<1-3840>, <1-2160>), then drag to x=<1-1920:2>, y=<1-1080:2>. The window is <400-3840>x<300-2160> at
<90-300> dpi; path d="M<1-99:2>,<1-99:2> L<1-99:2>,<1-99:2>Z".
"""
_OFFER = """\
<Thing>: was <90-900:2> EUR, now <5-90:2> EUR (-<5-70> %). Stock <1-5000>, SKU A<0000001-9999999>, EAN
40<00000000001-99999999999>. 1 USD = <1-160:4>; revenue 2023: <1-999>,<100-999>,<100-999> dollars.
"""
_LICENCE = """\
Section <1-19>.<1-9>. The work is licensed under version <1-4>.0 of these terms, as of <date>. Copies may be passed on
if this notice is kept; there is no warranty of any kind. Clause <1-30>(b) is void below <1-9999> copies.
"""
_RECIPE = """\
1. Mix <1-1000> g of <substance>, wait <1-90> min
2. Add <1-1000> ml, stir at <100-2000> rpm
3. Count to <1-99>
"""

PROSE = (
    _ORDER,
    _TABLE,
    _DECIMALS,
    _BOOK,
    _MATHEMATICS,
    _SCIENCE,
    _SPORTS,
    _SCHEDULE,
    _SCREEN,
    _OFFER,
    _LICENCE,
    _RECIPE,
    "I forgot my password and the reset mail takes <5-90> minutes. Ticket #<100000-99999999>.",
    "Your PIN has 4 digits and is asked for after <2-9> attempts; error code <10000-999999>.",
    "The card was declined on <date> for an amount of <1-900:2>, reference <100000000-9999999999>.",
    "Please phone support between <7-10> and <16-20>; case <1000000-999999999> is still open since <date>.",
    "The passport scan is <100-9000> KB, <600-4000> x <600-4000> pixels, saved on <date>.",
    "My phone, model SM-A<100-999>B, shows 'token expired' since build <100000-9999999>.",
    "The account was created on <date> and has <1-9999> followers; session <1-999999> timed out.",
    "Flight LH<100-999> to gate B<1-60> boards at <00-23>:<00-59>; <100-400> seats, <1-30> bags, <1-9999> miles flown.",
)
