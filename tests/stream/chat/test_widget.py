"""The widget in a real browser: asking, the form, reconnecting in mid-answer, people, keyboard, phone."""

from __future__ import annotations

import gzip
from importlib import resources
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.async_api import expect

from dialogue.lead.consent import FORM_WORDINGS
from tests.stream.chat.shop import MemoryStore, open_shop
from tests.stream.chat.visit import visiting


async def test_the_widget_is_small_on_the_wire_and_asked_for_once() -> None:
    async with open_shop() as shop, httpx.AsyncClient(base_url=f"http://127.0.0.1:{shop.port}") as http:
        async with http.stream("GET", "/widget.js", headers={"Accept-Encoding": "gzip"}) as answer:
            packed = b"".join([piece async for piece in answer.aiter_raw()])
        assert len(packed) <= 30 * 1024
        plain = await http.get("/widget.js", headers={"Accept-Encoding": "identity"})
        assert gzip.decompress(packed) == plain.content
        again = await http.get("/widget.js", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.browser
async def test_what_was_written_without_a_line_goes_out_in_order_and_once() -> None:
    async with visiting(window_s=0.0) as visit:
        await visit.ask("零")
        await expect(visit.log).to_contain_text("您问的是「零」")
        await visit.context.set_offline(True)
        await expect(visit.page.locator(".notice.amber")).to_be_visible()
        for text in ("一", "二", "三"):
            await visit.ask(text)
        await visit.page.close()
        visit.page = await visit.context.new_page()
        await visit.context.set_offline(False)
        await visit.page.goto(f"http://127.0.0.1:{visit.shop.port}/chat/demo")
        await expect(visit.log).to_contain_text("三」。")
        said = [e.payload["text"] for e in visit.shop.store.logs["conv_1"] if e.payload.get("role") == "visitor"]
        assert said == ["零", "一", "二", "三"]
        await expect(visit.log.locator(".msg.me")).to_have_count(4)


@pytest.mark.browser
async def test_a_colleague_s_typing_is_shown_and_ends() -> None:
    async with visiting() as visit:
        await visit.ask("人工")
        await expect(visit.log).to_contain_text("您问的是「人工」")
        await visit.thread.take_over("林小满")
        await expect(visit.log).to_contain_text("已交给林小满")
        visit.thread.types()
        dots = visit.page.get_by_role("status", name="对方正在输入")
        await expect(dots).to_be_visible()
        await visit.thread.operator_says("在的", operator="林小满")
        await expect(dots).to_have_count(0)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("wish", "query", "dark"), [("dark", "", True), ("light", "", False), ("dark", "?theme=light", False)]
)
async def test_light_and_dark_as_the_system_or_the_shop_wishes(
    wish: Literal["dark", "light"], query: str, dark: bool
) -> None:
    async with visiting(f"/chat/demo{query}") as visit:
        await visit.page.emulate_media(color_scheme=wish)
        await visit.ask("能拆洗吗")
        await expect(visit.log).to_contain_text("外罩整套带拉链")
        words = "e => getComputedStyle(e).color.match(/[0-9]+/g).slice(0, 3).reduce((a, b) => +a + +b, 0)"
        assert (await visit.input.evaluate(words) > 384) is dark


@pytest.mark.browser
async def test_a_question_is_answered_with_evidence_on_demand_and_feedback() -> None:
    async with visiting() as visit:
        await expect(visit.page.get_by_text("回答由 AI 生成")).to_be_visible()
        await visit.ask("能拆洗吗")
        await expect(visit.log).to_contain_text("外罩整套带拉链")
        await expect(visit.log.locator(".bubble b")).to_have_text("¥269")
        cite = visit.log.get_by_role("button", name="care-guide · 第 2 页")
        await cite.click()
        await expect(visit.log.locator("blockquote")).to_contain_text("三十度以下机洗，不要烘干")
        await visit.log.get_by_role("button", name="有帮助").click()
        await expect(visit.log.get_by_text("谢谢，记下了")).to_be_visible()
        await visit.page.get_by_role("group", name="可以接着问").get_by_text("送货上楼吗").click()
        await expect(visit.log).to_contain_text("您问的是「送货上楼吗」")
        assert ("feedback", 1) in [(e.kind, e.payload.get("score")) for e in next(iter(visit.shop.store.logs.values()))]


@pytest.mark.browser
async def test_two_messages_in_a_row_get_one_answer_and_the_first_is_taken_back() -> None:
    async with visiting(window_s=6.0) as visit:
        await visit.ask("这个沙发")
        await expect(visit.log).to_contain_text("您问的是「这个沙发」")
        await visit.ask("多少钱")
        await expect(visit.log).to_contain_text("您问的是「这个沙发、多少钱」")
        await expect(visit.log).not_to_contain_text("您问的是「这个沙发」")


@pytest.mark.browser
async def test_the_form_says_what_is_wrong_needs_consent_and_is_saved() -> None:
    async with visiting() as visit:
        await visit.ask("要十件，给我报价")
        form = visit.log.locator("form")
        consent = form.get_by_role("checkbox")
        await expect(consent).not_to_be_checked()
        await form.get_by_label("手机号").fill("１３８０５７１６０")
        await form.get_by_role("button", name="发给店家").click()
        await expect(form.get_by_text("手机号要 11 位，还差 2 位")).to_be_visible()
        await expect(form.get_by_label("手机号")).to_be_focused()
        await form.get_by_label("手机号").fill("138 0571 6021")
        await form.get_by_label("称呼").fill("周女士")
        await form.get_by_role("button", name="发给店家").click()
        await expect(form.get_by_text("请先勾选同意")).to_be_visible()
        await consent.check()
        await form.get_by_role("button", name="发给店家").click()
        await expect(visit.log.get_by_text("收到了，只为这次咨询联系您")).to_be_visible()
        assert [e.kind for e in next(iter(visit.shop.store.logs.values()))].count("lead_saved") == 1


@pytest.mark.browser
async def test_passing_on_is_asked_apart_starts_empty_and_may_stay_so() -> None:
    async with visiting() as visit:
        await visit.ask("转交系统的报价")
        form = visit.log.locator("form")
        await form.get_by_label("手机号").fill("138 0571 6021")
        agree, share = form.get_by_role("checkbox").first, form.get_by_label("转交给本店用的客户管理系统")
        await expect(share).not_to_be_checked()
        await agree.check()
        await share.check()
        await form.get_by_role("button", name="发给店家").click()
        await expect(visit.log.get_by_text("收到了，只为这次咨询联系您")).to_be_visible()
        assert visit.shop.store.consents == [("contact", "share")]


def test_the_words_beside_the_boxes_are_the_words_that_are_kept() -> None:
    words = Path(str(resources.files("stream") / "web" / "widget" / "words.js")).read_text("utf-8")
    for wording in FORM_WORDINGS.values():
        chinese, english = wording.text.split(" / ")
        assert f'"{chinese}"' in words and f'"{english}"' in words


@pytest.mark.browser
async def test_a_declined_form_goes_away_and_is_remembered() -> None:
    async with visiting() as visit:
        await visit.ask("报价")
        await visit.log.get_by_role("button", name="不用了").click()
        await expect(visit.log.get_by_text("好的，不留也可以接着问")).to_be_visible()
        await expect(visit.log.locator("form")).to_have_count(0)
        await visit.ask("能拆洗吗")
        await expect(visit.log).to_contain_text("您问的是「能拆洗吗」")
        assert visit.shop.store.declined


@pytest.mark.browser
async def test_a_form_the_conversation_has_passed_folds_up_but_is_not_lost() -> None:
    async with visiting() as visit:
        await visit.ask("报价")
        await expect(visit.log.locator("form")).to_be_visible()
        await visit.ask("能拆洗吗")
        await expect(visit.log.locator("form")).to_have_count(0)
        await visit.log.get_by_role("button", name="留联系方式").click()
        await expect(visit.log.locator("form")).to_be_visible()


@pytest.mark.browser
async def test_a_newer_form_folds_the_one_before() -> None:
    async with visiting() as visit:
        await visit.ask("发个报价，再给我回电")
        await expect(visit.log.locator("form")).to_have_count(1)
        await expect(visit.log.locator("form").get_by_label("方便的时间")).to_be_visible()
        await expect(visit.log.get_by_role("button", name="留联系方式")).to_be_visible()


@pytest.mark.browser
async def test_a_line_cut_in_mid_answer_is_picked_up_where_it_was() -> None:
    async with visiting(pause_s=1.0) as visit:
        await visit.ask("能拆洗吗")
        await expect(visit.log).to_contain_text("您问的是「能拆洗吗」")
        await visit.context.set_offline(True)
        await expect(visit.page.locator(".notice.amber")).to_be_visible()
        await visit.ask("到杭州要几天")
        await expect(visit.log).to_contain_text("等网络恢复后发送")
        await visit.context.set_offline(False)
        await expect(visit.log).to_contain_text("您问的是「到杭州要几天」")
        await expect(visit.log.get_by_text("您问的是「能拆洗吗」")).to_have_count(1)
        await expect(visit.log.locator(".msg.me")).to_have_count(2)
        await expect(visit.page.locator(".notice.amber")).to_be_hidden()
        assert visit.shop.replier.asked == ["能拆洗吗", "到杭州要几天"]


@pytest.mark.browser
async def test_a_reload_shows_the_same_conversation() -> None:
    async with visiting() as visit:
        await visit.ask("能拆洗吗")
        await expect(visit.log.get_by_role("button", name="有帮助")).to_be_visible()
        before = await visit.log.locator(".bubble").all_inner_texts()
        await visit.page.reload()
        await expect(visit.log.get_by_role("button", name="有帮助")).to_be_visible()
        assert await visit.log.locator(".bubble").all_inner_texts() == before
        assert len(visit.shop.store.rows) == 1


@pytest.mark.browser
async def test_a_token_that_has_run_out_costs_neither_what_was_sent_nor_what_is_being_written() -> None:
    now = [1_000_000.0]
    async with visiting(token_ttl_s=100, wall=lambda: now[0]) as visit:
        await visit.ask("能拆洗吗")
        await expect(visit.log).to_contain_text("您问的是「能拆洗吗」")
        await visit.context.set_offline(True)
        await expect(visit.page.locator(".notice.amber")).to_be_visible()
        now[0] += 101
        await visit.ask("到杭州要几天")
        await visit.input.fill("还没写完的")
        await visit.context.set_offline(False)
        await expect(visit.log).to_contain_text("您问的是「到杭州要几天」", timeout=15_000)
        await expect(visit.page.locator(".notice.amber")).to_be_hidden()
        await expect(visit.input).to_have_value("还没写完的")
        assert (len(visit.shop.store.rows), visit.shop.replier.asked) == (2, ["能拆洗吗", "到杭州要几天"])


@pytest.mark.browser
async def test_a_restarted_server_keeps_the_conversation() -> None:
    store = MemoryStore()
    async with visiting(store=store) as visit:
        await visit.ask("能拆洗吗")
        await expect(visit.log).to_contain_text("您问的是「能拆洗吗」")
        port = visit.shop.port
        await visit.shop.stop()
        await expect(visit.page.locator(".notice.amber")).to_be_visible()
        await visit.ask("怎么退换")
        async with open_shop(store=store, port=port, window_s=0.1):
            await expect(visit.log).to_contain_text("您问的是「怎么退换」")
            await expect(visit.log.locator(".msg.me")).to_have_count(2)


@pytest.mark.browser
async def test_a_colleague_takes_over_with_name_and_the_visitor_may_go_back() -> None:
    async with visiting() as visit:
        await visit.page.get_by_role("button", name="转接人工客服").click()
        await expect(visit.log).to_contain_text("正在请同事过来")
        await visit.thread.operator_says("您好，照片看到了，是运输压裂的。", operator="林小满")
        await expect(visit.log).to_contain_text("已交给林小满")
        await expect(visit.page.locator(".zg-status")).to_have_text("林小满 · 人工客服")
        await expect(visit.page.get_by_text("回答由 AI 生成")).to_be_visible()
        await visit.page.get_by_role("button", name="让 AI 继续").click()
        await expect(visit.log).to_contain_text("AI 掌柜继续为您服务")
        await visit.ask("几天到")
        await expect(visit.log).to_contain_text("您问的是「几天到」")


@pytest.mark.browser
async def test_a_failed_answer_offers_to_retry_or_to_leave_a_number() -> None:
    async with visiting() as visit:
        await visit.ask("故障")
        await expect(visit.page.get_by_role("alert")).to_contain_text("客服这会儿答不上来")
        await visit.page.get_by_role("button", name="留电话").click()
        form = visit.log.locator("form")
        await form.get_by_label("手机号").fill("13805716021")
        await form.get_by_role("checkbox").check()
        await form.get_by_role("button", name="请回电给我").click()
        await expect(visit.log.get_by_text("联系方式已存好")).to_be_visible()


@pytest.mark.browser
async def test_english_words_and_whole_sentences_for_screen_readers() -> None:
    async with visiting("/chat/demo?lang=en") as visit:
        assert await visit.page.title() == "栖木家居 support"
        assert await visit.page.evaluate("document.documentElement.lang") == "en"
        await expect(visit.page.get_by_role("button", name="Talk to a human")).to_be_visible()
        await expect(visit.page.get_by_role("note").first).to_contain_text("Answers are written by AI")
        await visit.input.fill("hello")
        await visit.page.get_by_role("button", name="Send").click()
        spoken = visit.page.locator("[aria-live=polite][role=status]")
        await expect(spoken).to_contain_text("外罩整套带拉链，三十度以下机洗，不要烘干。")


@pytest.mark.browser
async def test_what_is_too_long_is_not_sent_but_counted() -> None:
    async with visiting() as visit:
        await visit.input.fill("长" * 2003)
        await expect(visit.page.get_by_text("超出 3 字，请分几条发")).to_be_visible()
        await expect(visit.page.get_by_role("button", name="发送")).to_be_disabled()
