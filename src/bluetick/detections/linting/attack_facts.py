"""Which tactics each technique of ATT&CK serves: numbers only, of version 18 (for mobile systems 17).

ATT&CK (https://attack.mitre.org) is a work of The MITRE Corporation. A line holds the tactics that its techniques
serve, then their numbers; `1003.001-008` are eight sub-techniques. What was revoked or deprecated is not listed.
"""

import re
from functools import cache

VERSION = "18"

_ENTERPRISE = """
Reconnaissance: 1589 1589.001-003 1590 1590.001-006 1591 1591.001-004 1592 1592.001-004 1593 1593.001-003 1594 1595
  1595.001-003 1596 1596.001-005 1597 1597.001-002 1598 1598.001-004 1681
ResourceDevelopment: 1583 1583.001-008 1584 1584.001-008 1585 1585.001-003 1586 1586.001-003 1587 1587.001-004 1588
  1588.001-007 1608 1608.001-006 1650
InitialAccess: 1189 1190 1195 1195.001-003 1199 1200 1566 1566.001-004 1669
InitialAccess Persistence: 1133
InitialAccess Persistence PrivilegeEscalation DefenseEvasion: 1078 1078.001-004
InitialAccess LateralMovement: 1091
InitialAccess CommandAndControl: 1659
Execution: 1047 1059 1059.001-013 1106 1129 1203 1204 1204.001-005 1559 1559.001-003 1569 1569.001-003 1609 1648
  1651 1674 1675 1677
Execution Persistence PrivilegeEscalation: 1053 1053.002-003 1053.005-007
Execution DefenseEvasion: 1610
Execution LateralMovement: 1072
Persistence: 1136 1136.001-003 1137 1137.001-006 1176 1176.001-002 1505 1505.001-006 1525 1554 1653 1668 1671
Persistence PrivilegeEscalation: 1037 1037.001-005 1098 1098.001-007 1543 1543.001-005 1546 1546.001-018 1547
  1547.001-010 1547.012-015
Persistence PrivilegeEscalation DefenseEvasion: 1574 1574.001 1574.004-014
Persistence DefenseEvasion: 1112 1197 1542 1542.001-005
Persistence DefenseEvasion CredentialAccess: 1556 1556.001-009
Persistence DefenseEvasion CommandAndControl: 1205 1205.001-002
PrivilegeEscalation: 1068 1611
PrivilegeEscalation DefenseEvasion: 1055 1055.001-005 1055.008-009 1055.011-015 1134 1134.001-005 1484 1484.001-002
  1548 1548.001-006
DefenseEvasion: 1006 1014 1027 1027.001-017 1036 1036.001-012 1070 1070.001-010 1127 1127.001-003 1140 1202 1207
  1211 1216 1216.001-002 1218 1218.001-005 1218.007-015 1220 1221 1222 1222.001-002 1480 1480.001-002 1535 1553
  1553.001-006 1562 1562.001-004 1562.006-013 1564 1564.001-014 1578 1578.001-005 1599 1599.001 1600 1600.001-002
  1601 1601.001-002 1612 1620 1647 1656 1666 1672 1678 1679
DefenseEvasion Discovery: 1497 1497.001-003 1622
DefenseEvasion LateralMovement: 1550 1550.001-004
CredentialAccess: 1003 1003.001-008 1110 1110.001-004 1111 1187 1212 1528 1539 1552 1552.001-008 1555 1555.001-006
  1558 1558.001-005 1606 1606.001-002 1621 1649
CredentialAccess Discovery: 1040
CredentialAccess Collection: 1056 1056.001-004 1557 1557.001-004
Discovery: 1007 1010 1012 1016 1016.001-002 1018 1033 1046 1049 1057 1069 1069.001-003 1082 1083 1087 1087.001-004
  1120 1124 1135 1201 1217 1482 1518 1518.001-002 1526 1538 1580 1613 1614 1614.001 1615 1619 1652 1654 1673 1680
LateralMovement: 1021 1021.001-008 1080 1210 1534 1563 1563.001-002 1570
Collection: 1005 1025 1039 1074 1074.001-002 1113 1114 1114.001-003 1115 1119 1123 1125 1185 1213 1213.001-006 1530
  1560 1560.001-003 1602 1602.001-002
CommandAndControl: 1001 1001.001-003 1008 1071 1071.001-005 1090 1090.001-004 1092 1095 1102 1102.001-003 1104 1105
  1132 1132.001-002 1219 1219.001-003 1568 1568.001-003 1571 1572 1573 1573.001-002 1665
Exfiltration: 1011 1011.001 1020 1020.001 1029 1030 1041 1048 1048.001-003 1052 1052.001 1537 1567 1567.001-004
Impact: 1485 1485.001 1486 1489 1490 1491 1491.001-002 1495 1496 1496.001-004 1498 1498.001-002 1499 1499.001-004
  1529 1531 1561 1561.001-002 1565 1565.001-003 1657 1667
"""

# Of industrial systems; its Evasion is DefenseEvasion here.
_INDUSTRIAL = """
InitialAccess: 0817 0819 0822 0847 0848 0860 0862 0864 0865 0883
InitialAccess LateralMovement: 0866 0886
Execution: 0807 0821 0823 0834 0853 0863 0871 0895
Execution PrivilegeEscalation: 0874
Execution DefenseEvasion: 0858
Persistence: 0873 0889
Persistence LateralMovement: 0859 0891
Persistence InhibitResponseFunction: 0857
Persistence ImpairProcessControl: 0839
PrivilegeEscalation: 0890
DefenseEvasion: 0820 0849 0872 0894
DefenseEvasion InhibitResponseFunction: 0851
DefenseEvasion ImpairProcessControl: 0856
Discovery: 0840 0842 0846 0888
Discovery Collection: 0887
LateralMovement: 0812 0843 0867
Collection: 0801 0802 0811 0830 0845 0852 0861 0868 0877 0893
CommandAndControl: 0869 0884 0885
Impact: 0813 0815 0826 0827 0828 0829 0831 0832 0837 0879 0880 0882
InhibitResponseFunction: 0800 0803 0804 0805 0809 0814 0816 0835 0838 0878 0881 0892
ImpairProcessControl: 0806 0836 0855
"""

_MOBILE = """
InitialAccess: 1451 1456 1461 1474 1474.001-003 1660 1664
InitialAccess DefenseEvasion: 1661
InitialAccess LateralMovement: 1458
Execution: 1623 1623.001 1658
Execution Persistence: 1603
Execution DefenseEvasion: 1575
Persistence: 1398 1577 1624 1624.001 1625 1625.001 1645
Persistence DefenseEvasion: 1541
PrivilegeEscalation: 1404 1626 1626.001
PrivilegeEscalation DefenseEvasion: 1631 1631.001
DefenseEvasion: 1406 1406.001-002 1407 1604 1617 1627 1627.001 1628 1628.001-003 1629 1629.001-003 1630 1630.001-003
  1632 1632.001 1633 1633.001 1655 1655.001 1670
DefenseEvasion Impact: 1516
CredentialAccess: 1634 1634.001 1635 1635.001
CredentialAccess Collection: 1414 1417 1417.001-002 1517
Discovery: 1418 1418.001 1420 1421 1422 1422.001-002 1423 1424 1426
Discovery Collection: 1430 1430.001-002
LateralMovement: 1428
Collection: 1409 1429 1512 1513 1532 1533 1636 1636.001-004 1638
Collection CommandAndControl Impact: 1616
CommandAndControl: 1437 1437.001 1481 1481.001-003 1509 1521 1521.001-003 1544 1637 1637.001 1644 1663
Exfiltration: 1639 1639.001 1646
Impact: 1464 1471 1582 1640 1641 1641.001 1642 1643 1662
"""

_ENTRY = re.compile(r"(\d{4})(?:\.(\d{3})(?:-(\d{3}))?)?")


@cache
def tactics_of_techniques() -> dict[str, frozenset[str]]:
    """By the number of a technique (T1071, T1071.001) the tactics that it serves."""
    found: dict[str, frozenset[str]] = {}
    for matrix in (_ENTERPRISE, _INDUSTRIAL, _MOBILE):
        for line in matrix.replace("\n  ", " ").strip().splitlines():
            names, _, numbers = line.partition(": ")
            for entry in numbers.split():
                found.update((number, frozenset(names.split())) for number in _numbers(entry))
    return found


def _numbers(entry: str) -> list[str]:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise AssertionError(f"'{entry}' is not a technique")
    parent, first, last = match.groups()
    if first is None:
        return [f"T{parent}"]
    return [f"T{parent}.{number:03}" for number in range(int(first), int(last or first) + 1)]
