"""The knowledge inside a LangChain chain: documents with citations, nothing where nothing is known."""

from __future__ import annotations

from pathlib import Path

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from knowledge.base import KnowledgeBase
from knowledge.chain import KnowledgeRetriever, to_documents
from knowledge.evidence import Decision, Evidence
from tests.knowledge.merchant import open_library, write_shop


def published(tmp_path: Path) -> KnowledgeBase:
    library = open_library(tmp_path / "data")
    library.add("shop", [write_shop(tmp_path / "shop")])
    library.publish("shop")
    return library.base()


def joined(documents: list[Document]) -> str:
    return "\n".join(f"{document.page_content} [{document.metadata['source']}]" for document in documents)


async def test_a_chain_answers_with_citations(tmp_path: Path) -> None:
    async with published(tmp_path) as base:
        retriever = KnowledgeRetriever(base=base, merchant="shop")
        prompt = ChatPromptTemplate.from_template("资料：{context}\n问题：{question}")
        model = RunnableLambda(lambda prompt: prompt.to_string().split("资料：")[1].splitlines()[0])
        chain = {"context": retriever | joined, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()
        assert await chain.ainvoke("纸月落地灯多少钱？") == "纸月落地灯 价格：459元 [products.csv:4]"


async def test_documents_carry_where_they_stand(tmp_path: Path) -> None:
    async with published(tmp_path) as base:
        documents = await KnowledgeRetriever(base=base, merchant="shop", limit=2).ainvoke("包邮吗？")
        metadata = documents[0].metadata
        assert documents[0].page_content == "包邮吗？\n满99元包邮。"
        assert (metadata["file"], metadata["line"], metadata["decision"]) == ("faq.csv", 2, "answer")
        assert metadata["version"] == await base.version("shop")


def test_a_chain_without_an_event_loop_works_too(tmp_path: Path) -> None:
    retriever = KnowledgeRetriever(base=published(tmp_path), merchant="shop")
    assert retriever.invoke("包邮吗？")[0].metadata["file"] == "faq.csv"
    assert retriever.invoke("包邮吗？")[0].metadata["file"] == "faq.csv"


def test_a_refusal_hands_on_nothing() -> None:
    assert to_documents(Evidence("x", "shop", "v1", Decision.REFUSE, 0.9)) == []
