"""Sentences of contracts, letters and reports with their translations: what the checks say of figures as they come."""

# ruff: noqa: E501 - a sentence is one string

import pytest

from schemas.languages import parse_tag
from tasks.translating.blocks import Block
from tasks.translating.checks import Wanted, check

RIGHT = [
    (
        "ja",
        "（1948.12.10 第３回国連総会採択）",
        "en",
        "(Adopted by the 3rd United Nations General Assembly, 10 December 1948)",
    ),
    (
        "de",
        "Sehr geehrte Damen und Herren, anbei erhalten Sie unser Angebot Nr. 4711/23 über 25 Stück zu je 1.199,00 € zzgl. 19 % MwSt., gültig bis 31.03.2024.",
        "en",
        "Dear Sir or Madam, please find enclosed our offer no. 4711/23 for 25 units at €1,199.00 each plus 19% VAT, valid until 31 March 2024.",
    ),
    (
        "en",
        "The Term shall be five (5) years commencing on the 1st day of January, 2020 (the “Effective Date”).",
        "de",
        "Die Laufzeit beträgt fünf (5) Jahre ab dem 1. Januar 2020 (das „Datum des Inkrafttretens“).",
    ),
    (
        "en",
        "The Term shall be five (5) years commencing on the 1st day of January, 2020.",
        "zh",
        "期限为五（5）年，自2020年1月1日起。",
    ),
    (
        "en",
        "Revenue rose 12.5% to $3.2 billion in Q3 2023, up from $2.84 billion a year earlier.",
        "zh",
        "2023年第三季度收入增长12.5%，达到32亿美元，去年同期为28.4亿美元。",
    ),
    (
        "en",
        "Revenue rose 12.5% to $3.2 billion in Q3 2023, up from $2.84 billion a year earlier.",
        "fr",
        "Le chiffre d’affaires a progressé de 12,5 % à 3,2 milliards de dollars au T3 2023, contre 2,84 milliards un an plus tôt.",
    ),
    ("en", "Revenue rose to $3.2 billion in Q3 2023.", "ja", "2023年度第3四半期の売上高は32億ドルに増加した。"),
    (
        "en",
        "The twenty-first century began on 1/1/2001 at 12:00 a.m.",
        "de",
        "Das 21. Jahrhundert begann am 01.01.2001 um 0:00 Uhr.",
    ),
    (
        "en",
        "Call +1 (555) 010-9999 or write to 221B Baker Street, London NW1 6XE.",
        "ru",
        "Звоните +1 (555) 010-9999 или пишите по адресу: Бейкер-стрит, 221B, Лондон NW1 6XE.",
    ),
    (
        "en",
        "Dosage: take 2 tablets (500 mg) every 4–6 hours; do not exceed 8 tablets in 24 hours.",
        "es",
        "Posología: tome dos comprimidos (500 mg) cada 4 a 6 horas; no exceda 8 comprimidos en 24 horas.",
    ),
    (
        "fr",
        "Au XVIIIe siècle, près de la moitié des 28 millions de Français vivait de l’agriculture.",
        "en",
        "In the 18th century, nearly half of France's 28 million people lived off agriculture.",
    ),
    ("fr", "Paris, le 1er mai 2021", "ja", "2021年5月1日、パリ"),
    ("ja", "令和3年5月1日", "en", "May 1, 2021"),
    (
        "ja",
        "第2条（定義）本契約において「秘密情報」とは、次の各号に定める情報をいう。",
        "en",
        "Article 2 (Definitions) In this Agreement, “Confidential Information” means the information set out in the following items.",
    ),
    (
        "zh",
        "注册资本：人民币伍佰万元整（¥5,000,000.00）",
        "en",
        "Registered capital: RMB five million only (¥5,000,000.00)",
    ),
    (
        "zh",
        "公司成立于二〇〇三年，现有员工一千二百余人。",
        "en",
        "Founded in 2003, the company has more than 1,200 employees.",
    ),
    (
        "zh",
        "甲方应在收到发票后十五个工作日内支付合同总价的30%。",
        "en",
        "Party A shall pay 30% of the total contract price within 15 working days of receiving the invoice.",
    ),
    (
        "zh",
        "甲方应在收到发票后十五个工作日内支付合同总价的30%。",
        "de",
        "Partei A zahlt innerhalb von fünfzehn Werktagen nach Erhalt der Rechnung 30 % des Gesamtpreises.",
    ),
    ("ko", "계약금액: 금 일천이백만원정 (₩12,000,000)", "en", "Contract amount: twelve million won (₩12,000,000)"),
    (
        "ru",
        "В 2020 г. население города превысило 1,2 млн чел. (рост на 3,4 %).",
        "en",
        "In 2020, the city's population exceeded 1.2 million (up 3.4%).",
    ),
    (
        "ar",
        "بلغت قيمة العقد ٣٫٥ مليون دولار في ١٥ آذار ٢٠٢٢",
        "en",
        "The contract was worth $3.5 million on March 15, 2022",
    ),
    ("en", "Chapter IV, Section 2(b)", "es", "Capítulo IV, sección 2 b)"),
    ("en", "Fig. 3: Temperature (°C) vs. time (10^3 s)", "de", "Abb. 3: Temperatur (°C) über der Zeit (10^3 s)"),
    (
        "en",
        "The mission lasted 8 days, 3 hours, 18 minutes and 35 seconds; 21.5 kg of samples were returned.",
        "fr",
        "La mission dura 8 jours, 3 heures, 18 minutes et 35 secondes ; 21,5 kg d’échantillons furent rapportés.",
    ),
    (
        "en",
        "About a third of the 1,500 respondents (34%) said “never”.",
        "de",
        "Rund ein Drittel der 1500 Befragten (34 %) antwortete mit „nie“.",
    ),
    (
        "en",
        "Twenty percent of 60 patients aged 18-65 dropped out.",
        "es",
        "El 20 % de los 60 pacientes de 18 a 65 años abandonó.",
    ),
    ("en", "© 2024 Acme Corp. All rights reserved. Version 2.10.3", "zh", "© 2024 Acme Corp. 版权所有。版本 2.10.3"),
    ("en", "Total", "de", "Gesamtsumme einschließlich Mehrwertsteuer"),
    (
        "es",
        "a) El 50 % (cincuenta por ciento) a la firma; b) el resto a los 90 días.",
        "en",
        "(a) 50% (fifty percent) on signing; (b) the balance after 90 days.",
    ),
    ("es", "Tel. 91 123 45 67", "en", "Tel. 91 123 45 67"),
    ("it", "L’anno 1.000 d.C. e il 2.500 a.C.", "en", "The year AD 1000 and 2500 BC"),
    (
        "en",
        "The A4 motorway near km 23.4 (EU directive 2016/679, Art. 5(1)(f))",
        "fr",
        "L’autoroute A4 vers le km 23,4 (directive UE 2016/679, art. 5, § 1, f))",
    ),
    ("en", "![logo: Acme]", "de", "![Logo: Acme]"),
    ("en", "Prices in EUR '000: 1,250 / 980", "de", "Preise in Tsd. EUR: 1.250 / 980"),
    (
        "en",
        "World War II ended in 1945; World War I in 1918.",
        "de",
        "Der Zweite Weltkrieg endete 1945, der Erste Weltkrieg 1918.",
    ),
    (
        "en",
        "He was born on the 4th of July 1976 and married on 12 Sept. 1999.",
        "ru",
        "Он родился 4 июля 1976 года и женился 12 сентября 1999 года.",
    ),
    ("en", "Half past nine; a quarter to 6", "de", "halb zehn; Viertel vor sechs"),
    (
        "de",
        "Das Gerät wiegt 1,5 kg und misst 30 × 20 × 5 cm.",
        "en",
        "The device weighs 1.5 kg and measures 30 × 20 × 5 cm.",
    ),
    (
        "hi",
        "कुल राशि ₹1,25,000 (एक लाख पच्चीस हज़ार रुपये)",
        "en",
        "Total amount ₹1,25,000 (one lakh twenty-five thousand rupees)",
    ),
    ("en", "a lakh: Rs 1.5 lakh", "hi", "1.5 लाख रुपये"),
    ("th", "วันที่ ๑๐ ธันวาคม ๒๕๖๗", "en", "10 December 2024"),
]
ALARMING = [
    ("en", "Open Sat 10–2", "de", "Geöffnet Sa 10–14 Uhr"),
    ("en", "It lasted twelve years, from 1960.", "de", "Es dauerte von 1960 bis 1972."),
]
"""What a reader works out, and a check does not."""


def alarms(source, before, target, after):
    return check([Block(before, after, source)], Wanted(parse_tag(target)))


@pytest.mark.parametrize(("source", "before", "target", "after"), RIGHT)
def test_a_right_sentence_does_not_make_its_page_suspect(source, before, target, after):
    assert sum(finding.score for finding in alarms(source, before, target, after)) < 1


@pytest.mark.parametrize(("source", "before", "target", "after"), ALARMING)
def test_what_a_reader_works_out_is_a_signal(source, before, target, after):
    assert [finding.check for finding in alarms(source, before, target, after)] == ["numbers_differ"]
