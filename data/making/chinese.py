"""Papers in Chinese. All names, numbers and addresses are invented."""

from __future__ import annotations

from data.making.sheet import A4, Cell, Sheet

BROWN = (0.55, 0.27, 0.12)
BLACK = (0.07, 0.07, 0.1)
BUYER = (("名称：", "星桥港物流有限公司"), ("统一社会信用代码/纳税人识别号：", "91990000MA0000018X"))
SELLER = (("名称：", "云杉谷数据服务有限公司"), ("统一社会信用代码/纳税人识别号：", "91990000MA0000725K"))
HEADINGS = ("项目名称", "规格型号", "单位", "数量", "单价", "金额", "税率/征收率", "税额")
GOODS = (
    ("*信息技术服务*档案数字化扫描", "A4", "页", "20000", "0.35", "7000.00", "6%", "420.00"),
    ("*信息技术服务*文字识别校对", "A4", "页", "20000", "0.12", "2400.00", "6%", "144.00"),
    ("*纸制品*无酸档案盒", "310×220", "个", "150", "18.60", "2790.00", "13%", "362.70"),
)


def vat_invoice() -> Sheet:
    """Draw an electronic VAT invoice."""
    sheet = Sheet(size=(610, 396), ink=BROWN)
    sheet.line(305, 40, "电子发票（增值税专用发票）", 18, align="centre")
    sheet.rule(190, 47, 420, 47)
    sheet.rule(190, 50, 420, 50)
    _labelled(sheet, 430, 66, "发票号码：", "26990000000000417338")
    _labelled(sheet, 430, 82, "开票日期：", "2026年03月18日")
    sheet.box(20, 94, 590, 366)
    for x, side, lines in ((20, "购买方信息", BUYER), (305, "销售方信息", SELLER)):
        for number, sign in enumerate(side):
            sheet.put(x + 5, 106 + 11 * number, sign, 9)
        sheet.said.append(side)
        sheet.rule(x + 18, 94, x + 18, 154)
        for number, (label, value) in enumerate(lines):
            _labelled(sheet, x + 24, 116 + 24 * number, label, value)
    sheet.rule(305, 94, 305, 154)
    sheet.rule(20, 154, 590, 154)
    _goods(sheet)
    _sums(sheet)
    _labelled(sheet, 60, 386, "开票人：", "苏小样")
    return sheet


def _labelled(sheet: Sheet, x: float, y: float, label: str, value: str) -> None:
    """Print a label in the form's colour and what was filled in in black."""
    sheet.put(x, y, label, 9)
    sheet.ink = BLACK
    sheet.put(x + sheet.length(label, 9), y, value, 9)
    sheet.ink = BROWN
    sheet.said.append(label + value)


def _goods(sheet: Sheet) -> None:
    columns = (28.0, 190.0, 262.0, 335.0, 385.0, 450.0, 505.0, 582.0)
    lefts = 3
    for number, row in enumerate((HEADINGS, *GOODS)):
        cells = [
            Cell(x, text, "left" if column < lefts else "right")
            for column, (x, text) in enumerate(zip(columns, row, strict=True))
        ]
        sheet.ink = BLACK if number else BROWN
        sheet.row(168 + 17 * number, cells, 8.5)
    sheet.ink = BROWN


def _sums(sheet: Sheet) -> None:
    sheet.put(70, 280, "合    计", 9)
    sheet.ink = BLACK
    sheet.put(450, 280, "¥12190.00", 9, align="right")
    sheet.put(582, 280, "¥926.70", 9, align="right")
    sheet.said.append("合计 ¥12190.00 ¥926.70")
    sheet.ink = BROWN
    sheet.rule(20, 288, 590, 288)
    sheet.put(50, 303, "价税合计（大写）", 9)
    sheet.put(400, 303, "（小写）", 9)
    sheet.ink = BLACK
    sheet.put(165, 303, "壹万叁仟壹佰壹拾陆元柒角整", 9.5)
    sheet.put(440, 303, "¥13116.70", 9.5)
    sheet.said.append("价税合计（大写） 壹万叁仟壹佰壹拾陆元柒角整 （小写） ¥13116.70")
    sheet.ink = BROWN
    sheet.rule(20, 311, 590, 311)
    sheet.rule(150, 288, 150, 311)
    for number, sign in enumerate("备注"):
        sheet.put(25, 332 + 16 * number, sign, 9)
    sheet.rule(38, 311, 38, 366)
    sheet.said.append("备注")
    sheet.ink = BLACK
    sheet.line(46, 327, "合同编号：YS-2026-0305；验收单号：YSD-0417", 9)
    sheet.line(46, 343, "开户行：示例银行样本路支行  账号：9900 0000 0417 3381", 9)
    sheet.ink = BROWN


LEASE = (
    ("出租方（甲方）：林望舒", "承租方（乙方）：星桥港物流有限公司"),
    ("根据《中华人民共和国民法典》及有关法律法规，甲乙双方在平等、自愿的基础上，就房屋租赁事宜订立本合同，共同遵守。",),
    (
        (
            "第一条  甲方将位于样本市示例区长桥路88号3幢502室的房屋出租给乙方作办公使用，建筑面积126.5平方米，"
            "房屋权属证书编号为样房权证字第0041733号。"
        ),
    ),
    (
        (
            "第二条  租赁期限自2026年4月1日起至2028年3月31日止，共计24个月。租赁期满，乙方享有在同等条件下优先承租的权利，"
            "但应提前60日书面通知甲方。"
        ),
    ),
    (
        (
            "第三条  月租金为人民币捌仟陆佰元整（¥8,600.00），按季支付，先付后用。乙方应于每季度首月5日前将租金汇入甲方"
            "指定账户；逾期支付的，每逾期一日按应付金额的万分之五支付违约金。"
        ),
    ),
    (
        (
            "第四条  乙方于签约当日向甲方支付押金人民币17,200.00元。租赁期满且乙方结清全部费用后，甲方应在7日内将押金"
            "无息退还乙方。"
        ),
    ),
    (
        (
            "第五条  租赁期内，水费、电费、燃气费、物业管理费及网络费由乙方承担；房屋主体结构的维修由甲方负责，"
            "因乙方使用不当造成的损坏由乙方修复或赔偿。"
        ),
    ),
    ("第六条  未经甲方书面同意，乙方不得转租、转借房屋或改变房屋用途，不得存放易燃、易爆及其他危险物品。",),
    (
        (
            "第七条  本合同一式两份，甲乙双方各执一份，自双方签字盖章之日起生效。未尽事宜，由双方协商并签订补充协议，"
            "补充协议与本合同具有同等法律效力。"
        ),
    ),
)


def lease() -> Sheet:
    """Draw the page of a lease."""
    sheet = Sheet(size=A4)
    sheet.line(297, 92, "房屋租赁合同", 22, align="centre")
    sheet.line(515, 118, "合同编号：FW-2026-0041", 10, align="right")
    y = 150.0
    for paragraphs in LEASE:
        for text in paragraphs:
            y = sheet.prose(80, y, 435, text, 11.5, leading=1.62) + 5
    y += 22
    for row in (
        ("甲方（签字）：林望舒", "乙方（盖章）：星桥港物流有限公司"),
        ("", "代表人：顾南乔"),
        ("日期：2026年3月16日", "日期：2026年3月16日"),
    ):
        cells = [Cell(x, text) for x, text in zip((80, 300), row, strict=True) if text]
        sheet.row(y, cells, 11.5)
        y += 26
    _seal(sheet, 430, y - 56)
    sheet.line(297, 806, "第 1 页 共 1 页", 9, align="centre")
    return sheet


def _seal(sheet: Sheet, x: float, y: float) -> None:
    """Press a seal over the signature: a ring and a star, no words that one would have to read."""
    red = (0.75, 0.2, 0.2)
    sheet.page.draw_circle((x, y), 46, color=red, width=2.4, stroke_opacity=0.7)
    star = pentagram(x, y, 17)
    sheet.page.draw_polyline([*star, star[0]], color=red, fill=red, width=0.5, stroke_opacity=0.7, fill_opacity=0.7)


def pentagram(x: float, y: float, size: float) -> list[tuple[float, float]]:
    """Give the ten corners of a star."""
    from math import cos, pi, sin

    radii = (size, size * 0.382)
    return [
        (x + radii[corner % 2] * sin(corner * pi / 5), y - radii[corner % 2] * cos(corner * pi / 5))
        for corner in range(10)
    ]


TICKET = (
    ("鲜牛奶 950ml", "1", "12.80"),
    ("全麦吐司 400g", "1", "9.90"),
    ("红富士苹果 1.26kg", "1", "15.10"),
    ("无糖乌龙茶 500ml", "2", "9.00"),
    ("购物袋（中）", "1", "0.30"),
)


def ticket() -> Sheet:
    """Draw the receipt that a shop shows in its app."""
    sheet = Sheet(size=(270, 430))
    sheet.page.draw_rect(sheet.page.rect, fill=(0.95, 0.95, 0.96), color=None)
    sheet.page.draw_rect((12, 12, 258, 418), fill=(1, 1, 1), color=None, radius=0.03)
    sheet.line(135, 44, "晚风便利店", 16, align="centre")
    sheet.line(135, 62, "样例路店 · 电子小票", 9, align="centre")
    for number, text in enumerate(("单号：20260322184105-017", "时间：2026-03-22 18:41:05", "收银员：0032")):
        sheet.line(28, 88 + 15 * number, text, 9)
    sheet.rule(28, 128, 242, 128, 0.4)
    y = 144
    for name, count, price in (("商品", "数量", "金额"), *TICKET):
        sheet.row(y, [Cell(28, name), Cell(180, count, "right"), Cell(242, price, "right")], 10)
        y += 19
    sheet.rule(28, y - 9, 242, y - 9, 0.4)
    for label, value in (("合计", "47.10"), ("会员优惠", "-2.00"), ("实付", "45.10"), ("支付方式", "移动支付")):
        sheet.row(y + 8, [Cell(28, label), Cell(242, value, "right")], 10)
        y += 18
    sheet.line(135, 390, "谢谢惠顾，欢迎再次光临", 9, align="centre")
    return sheet
