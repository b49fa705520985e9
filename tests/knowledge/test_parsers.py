"""Each format gives its text and tables, with the place each stood at."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from knowledge.document import Parsed, RefusedError
from knowledge.intake.reading import read_parsed
from knowledge.limits import Limits
from knowledge.parsers import FORMATS, parse
from knowledge.parsers.pdf import paragraphs, tidy_characters
from knowledge.table.grid import Grid, read_grid


def read(name: str, data: bytes | str) -> Parsed:
    raw = data.encode() if isinstance(data, str) else data
    return parse(raw, Path(name), limits=Limits())


def workbook(*rows: list[object], merge: str | None = None, title: str = "商品") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if merge:
        for ref in merge.split():
            sheet.merge_cells(ref)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def test_markdown_blocks_carry_headings_and_lines() -> None:
    parsed = read("a.md", "# 售后\n\n## 退货\n\n七天内可退。\n\n| 类别 | 运费 |\n|---|---|\n| 灯 | 8元 |\n")
    assert [(block.heading, block.line, block.text) for block in parsed.blocks] == [("售后 > 退货", 5, "七天内可退。")]
    assert parsed.tables[0].header == ("类别", "运费")
    assert parsed.tables[0].rows[0].line == 9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_is_read_in_the_encodings_of_chinese_offices(encoding: str) -> None:
    assert read("a.txt", "满99元包邮。".encode(encoding)).blocks[0].text == "满99元包邮。"


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_tables_are_read_with_the_separator_they_have(separator: str) -> None:
    text = separator.join(["名称", "价格"]) + "\n" + separator.join(["台灯", "99元"])
    assert read("a.csv", text).tables[0].rows[0].cells == ("台灯", "99元")


def test_a_sheet_may_begin_with_a_title_row() -> None:
    parsed = read("a.xlsx", workbook(["2026年秋季价目表"], ["名称", "价格"], ["台灯", 99], merge="A1:B1"))
    assert parsed.tables[0].header == ("名称", "价格")
    assert parsed.tables[0].rows[0].cells == ("台灯", "99")
    assert parsed.blocks[0].text == "2026年秋季价目表"


def test_merged_cells_hold_for_every_row_they_cover() -> None:
    data = workbook(["类目", "名称", "价格"], ["灯具", "台灯", 99], [None, "落地灯", 459], merge="A2:A3")
    assert [row.cells[0] for row in read("a.xlsx", data).tables[0].rows] == ["灯具", "灯具"]


def test_a_header_of_two_rows_is_joined() -> None:
    data = workbook(["名称", "价格", None], [None, "原价", "促销价"], ["台灯", 129, 99], merge="A1:A2 B1:C1")
    table = read("a.xlsx", data).tables[0]
    assert table.header == ("名称", "原价", "促销价")
    assert table.rows[0].cells == ("台灯", "129", "99")


def test_a_sheet_shows_numbers_the_way_excel_does() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["名称", "价格", "折扣", "重量"])
    sheet.append(["台灯", 99.5, 0.15, 0.1 + 0.2])
    sheet["B2"].number_format = '"¥"#,##0.00'
    sheet["C2"].number_format = "0%"
    held = io.BytesIO()
    book.save(held)
    assert read("a.xlsx", held.getvalue()).tables[0].rows[0].cells == ("台灯", "¥99.50", "15%", "0.3")


def test_hidden_sheets_are_not_read_and_said_to_be_so() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["名称", "价格"])
    sheet.append(["台灯", 99])
    hidden = book.create_sheet("成本")
    hidden.append(["名称", "进价"])
    hidden.sheet_state = "hidden"
    held = io.BytesIO()
    book.save(held)
    parsed = read("a.xlsx", held.getvalue())
    assert len(parsed.tables) == 1
    assert any("成本" in note and "隐藏" in note for note in parsed.notes)


def test_a_document_keeps_its_outline_and_tables() -> None:
    document = docx.Document()
    document.add_heading("品牌故事", 1)
    document.add_paragraph("我们在杭州做家具。")
    table = document.add_table(rows=2, cols=2)
    for index, text in enumerate(["名称", "价格", "台灯", "99元"]):
        table.cell(index // 2, index % 2).text = text
    held = io.BytesIO()
    document.save(held)
    parsed = read("a.docx", held.getvalue())
    assert (parsed.blocks[0].heading, parsed.blocks[0].text, parsed.blocks[0].line) == (
        "品牌故事",
        "我们在杭州做家具。",
        2,
    )
    assert parsed.tables[0].rows[0].cells == ("台灯", "99元")


def test_radicals_in_a_pdf_become_the_characters_people_type() -> None:
    assert tidy_characters("实⽊家具⻓期不⽤时，吹⻛机") == "实木家具长期不用时，吹风机"
    assert tidy_characters("，：（）！") == "，：（）！"


def test_lines_broken_at_the_margin_are_joined() -> None:
    assert paragraphs("第一行写到纸边就断\n开了。\n新的一段。") == ["第一行写到纸边就断开了。", "新的一段。"]


def test_a_web_page_is_read_as_a_person_sees_it() -> None:
    page = """<html><head><title>x</title><script>alert(1)</script><style>p{}</style></head><body>
    <h2>配送</h2><p>48小时内发货。</p><p style="display:none">隐藏的字</p><!-- 注释 -->
    <table><tr><th>名称</th><th>价格</th></tr><tr><td>台灯</td><td>99元</td></tr></table>
    <script>document.write("骗人的字")</script></body></html>"""
    parsed = read("a.html", page)
    assert [(block.heading, block.text) for block in parsed.blocks] == [("配送", "48小时内发货。")]
    assert parsed.tables[0].rows[0].cells == ("台灯", "99元")


def test_json_lines_of_pairs_become_answers() -> None:
    text = '{"question": "包邮吗？", "answer": "满99包邮。"}\n{"q": 1\n{"question": "保修？", "answer": "两年。"}\n'
    reading = read_parsed(read("a.jsonl", text), file="a.jsonl", limits=Limits())
    assert [(p.question, p.text, p.source.line) for p in reading.passages] == [
        ("包邮吗？", "满99包邮。", 1),
        ("保修？", "两年。", 3),
    ]
    assert any(note.startswith("第2行") for note in reading.notes)


def test_json_with_nested_lists_becomes_records() -> None:
    reading = read_parsed(
        read("a.json", '{"shop": {"products": [{"name": "台灯", "price": "99元", "colors": ["白", "黑"]}]}}'),
        file="a.json",
        limits=Limits(),
    )
    assert reading.records[0].name == "台灯"
    assert reading.records[0].fact("colour").value == ("白", "黑")  # type: ignore[union-attr]


def test_questions_and_answers_in_running_text_become_pairs() -> None:
    parsed = read(
        "a.txt", "常见问题\n\n问：包邮吗？\n答：满99元包邮。\n新疆另算。\n\n问：保修多久？ 答：两年。\n\n欢迎光临。"
    )
    reading = read_parsed(parsed, file="a.txt", limits=Limits())
    pairs = {p.question: p.text for p in reading.passages if p.kind == "faq"}
    assert pairs == {"包邮吗？": "满99元包邮。\n新疆另算。", "保修多久？": "两年。"}
    assert "欢迎光临。" in "".join(p.text for p in reading.passages if p.kind == "text")


def test_questions_as_headings_become_pairs() -> None:
    parsed = read(
        "a.md",
        "# 常见问题\n\n## 怎么预约？\n\n打电话或者在这里说。\n\n周末提前一天。\n\n"
        "## 关于我们\n\n开了十年。\n\n## 能带宠物吗\n\n不能。",
    )
    reading = read_parsed(parsed, file="a.md", limits=Limits())
    pairs = {p.question: p.text for p in reading.passages if p.kind == "faq"}
    assert pairs == {"怎么预约？": "打电话或者在这里说。\n周末提前一天。", "能带宠物吗": "不能。"}
    assert "开了十年。" in "".join(p.text for p in reading.passages if p.kind == "text")


def test_numbered_questions_on_lines_of_their_own_become_pairs() -> None:
    lines = "1. 几点开门？\n十点。\n\n2. 有停车位吗？\n楼下有。\n\n3、能刷卡吗？\n能。\n\n谢谢光临本店。"
    reading = read_parsed(read("a.txt", lines), file="a.txt", limits=Limits())
    pairs = {p.question: p.text for p in reading.passages if p.kind == "faq"}
    assert pairs == {"几点开门？": "十点。", "有停车位吗？": "楼下有。", "能刷卡吗？": "能。"}
    assert "谢谢光临" in "".join(p.text for p in reading.passages if p.kind == "text")


def test_a_single_question_in_prose_stays_prose() -> None:
    reading = read_parsed(read("a.txt", "为什么选我们？\n因为木料放足三个月。"), file="a.txt", limits=Limits())
    assert [p.kind for p in reading.passages] == ["text"]


def test_other_phrasings_of_a_question_lead_to_the_same_answer() -> None:
    parsed = read("a.csv", "问题,答案,相似问法\n包邮吗？,满99元包邮。,运费多少；要邮费吗\n")
    reading = read_parsed(parsed, file="a.csv", limits=Limits())
    assert [p.question for p in reading.passages] == ["包邮吗？", "运费多少", "要邮费吗"]
    assert {p.text for p in reading.passages} == {"满99元包邮。"}


def test_an_inserted_line_changes_the_id_of_no_other_passage() -> None:
    before = read_parsed(read("a.csv", "问题,答案\n甲？,一\n乙？,二\n"), file="a.csv", limits=Limits())
    after = read_parsed(read("a.csv", "问题,答案\n新？,零\n甲？,一\n乙？,二\n"), file="a.csv", limits=Limits())
    assert {p.id for p in before.passages} < {p.id for p in after.passages}


cells = st.text(max_size=8)


@given(st.lists(st.lists(cells, max_size=5), max_size=8))
def test_any_grid_gives_rectangular_tables(rows: list[list[str]]) -> None:
    from knowledge.document import Row

    grid = Grid(tuple(Row(tuple(row), number) for number, row in enumerate(rows, start=1)), {})
    tables, _ = read_grid(grid)
    for table in tables:
        assert all(len(row.cells) == len(table.header) for row in table.rows)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMATS), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_reason(ending: str, data: bytes) -> None:
    try:
        parsed = parse(data, Path(f"a.{ending}"), limits=Limits())
    except RefusedError as refusal:
        assert str(refusal).strip()
        return
    reading = read_parsed(parsed, file="a", limits=Limits())
    assert len({passage.id for passage in reading.passages}) == len(reading.passages)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["md", "txt", "csv", "html", "json", "jsonl"]), st.text(max_size=400))
def test_any_text_is_read_or_refused_with_a_reason(ending: str, text: str) -> None:
    try:
        parsed = parse(text.encode("utf-8", "replace"), Path(f"a.{ending}"), limits=Limits())
    except RefusedError as refusal:
        assert str(refusal).strip()
        return
    for passage in read_parsed(parsed, file="a", limits=Limits()).passages:
        assert passage.text.strip() and len(passage.id) == 32


def test_a_short_line_above_a_paragraph_is_its_heading() -> None:
    returns, warranty = "收货后7天内可以无理由退货，包装完好即可。", "沙发框架保修五年，灯具保修两年，以签收日计算。"
    text = f"一、退货说明\n\n{returns}\n\n保修\n\n{warranty}\n\n谢谢"
    blocks = read("a.txt", text).blocks
    assert [(block.heading, block.line) for block in blocks] == [("一、退货说明", 3), ("保修", 7), ("保修", 9)]


@given(st.lists(st.text("退货保修。，：七天\n1", max_size=40), max_size=8))
def test_no_paragraph_is_dropped_for_a_heading(paragraphs: list[str]) -> None:
    from knowledge.parsers.outline import headed

    found = list(headed(paragraphs))
    kept = {index for index, _, _ in found}
    headings = {heading for _, heading, _ in found}
    for index, paragraph in enumerate(paragraphs):
        assert index in kept or " ".join(paragraph.split()) in headings


def test_two_tables_on_one_sheet_are_two_tables() -> None:
    data = workbook(
        ["名称", "价格"], ["台灯", 99], [None, None], ["常见问题", None], ["问题", "答案"], ["包邮吗？", "满99元包邮。"]
    )
    reading = read_parsed(read("a.xlsx", data), file="a.xlsx", limits=Limits())
    assert [record.name for record in reading.records] == ["台灯"]
    assert [passage.text for passage in reading.passages if passage.kind == "faq"] == ["满99元包邮。"]


def test_an_empty_row_inside_a_table_does_not_end_it() -> None:
    data = workbook(["名称", "价格"], ["台灯", 99], [None, None], ["落地灯", 459])
    assert [row.cells[0] for row in read("a.xlsx", data).tables[0].rows] == ["台灯", "落地灯"]


def test_a_sheet_of_one_product_may_stand_upright() -> None:
    text = "| 商品名称 | 云朵沙发 |\n|---|---|\n| 价格 | 1699元 |\n| 颜色 | 奶白、燕麦 |\n| 承重 | 180kg |\n"
    (record,) = read_parsed(read("a.md", text), file="a.md", limits=Limits()).records
    assert record.name == "云朵沙发"
    assert {fact.name: fact.text for fact in record.facts}["price"] == "1699元"


def test_questions_without_a_header_are_still_questions() -> None:
    parsed = read("a.csv", "包邮吗？,满99元包邮。\n可以退吗？,七天内可以。\n")
    reading = read_parsed(parsed, file="a.csv", limits=Limits())
    assert [(p.question, p.text, p.source.line) for p in reading.passages] == [
        ("包邮吗？", "满99元包邮。", 1),
        ("可以退吗？", "七天内可以。", 2),
    ]
