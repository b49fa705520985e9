"""The template a merchant fills in: a workbook with a sheet of products and a sheet of questions and answers."""

from __future__ import annotations

from pathlib import Path

from knowledge.errors import KnowledgeError

EXAMPLE = "（示例，请删除）"
"""Marks the example rows, so that a forgotten one is found before it is published."""

PRODUCTS = (
    ("编号", "SKU-001", "每个商品不同，顾客也可以用它来问；可以不填"),
    ("商品名称", f"奶油风单人沙发{EXAMPLE}", "必填，顾客看到的名字"),
    ("简称", "奶油沙发、单人沙发", "顾客可能的叫法，用、隔开"),
    ("类目", "沙发", "同类商品写同一个词"),
    ("价格（元）", "1699", "只写一个确定的数；写成“1699起”就只会当文字"),
    ("促销价（元）", "1299", "没有活动就空着"),
    ("促销时间", "2026-11-01 至 2026-11-11", "写清年月日，过期后不再报促销价"),
    ("库存", "36", "整数"),
    ("颜色", "奶白、燕麦", "用、隔开"),
    ("尺寸", "宽82×深86×高78cm", "带单位"),
    ("材质", "羊羔绒外套，白蜡木脚", ""),
    ("卖点", "外套可拆洗；坐垫回弹快", "用；隔开，主播会逐条介绍"),
    ("适用场景", "客厅、卧室", ""),
    ("售后", "7天无理由退货，送货上门", ""),
    ("保修", "框架5年", ""),
    ("发货时间", "48小时内", ""),
)
"""(column, example, explanation); further columns may be added under any name."""

QUESTIONS = (
    ("问题", f"沙发外套可以洗吗？{EXAMPLE}", "顾客会怎么问"),
    ("答案", "可以，外套整套带拉链，30度以下机洗。", "照这里的原话回答"),
    ("相似问法", "沙发套能拆洗吗；沙发脏了怎么办", "别的问法，用；隔开；可以不填"),
    ("商品名称", "", "这条答案只属于某个商品时填写"),
    ("分类", "保养", "可以不填"),
)


def write_template(path: Path, *, overwrite: bool = False) -> Path:
    """Write the workbook to `path` (a folder gets "知识库模板.xlsx"); returns the file. Raises KnowledgeError."""
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.comments import Comment  # type: ignore[import-untyped]
    from openpyxl.styles import Font, PatternFill  # type: ignore[import-untyped]
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    target = path / "知识库模板.xlsx" if path.is_dir() else path
    if target.suffix.lower() != ".xlsx":
        raise KnowledgeError(f"{target}：模板是 .xlsx 文件，请写成以 .xlsx 结尾的文件名")
    if target.exists() and not overwrite:
        raise KnowledgeError(f"{target} 已经存在：换个名字，或者加 --force 覆盖")
    book = Workbook()
    book.remove(book.active)
    for title, columns in (("商品", PRODUCTS), ("问答", QUESTIONS)):
        sheet = book.create_sheet(title)
        for index, (name, example, explanation) in enumerate(columns, start=1):
            head = sheet.cell(1, index, name)
            head.font = Font(bold=True)
            head.fill = PatternFill("solid", fgColor="F3E9DC")
            if explanation:
                head.comment = Comment(explanation, "掌柜")
            sheet.cell(2, index, example or None)
            sheet.column_dimensions[get_column_letter(index)].width = max(12, len(example) * 1.6)
        sheet.freeze_panes = "A2"
    try:
        book.save(target)
    except OSError as exc:
        raise KnowledgeError(f"{target}：写不进去（{exc.strerror}）") from exc
    return target
