"""Small talk for a customer whose client is in English: the same manners, the same promises."""

from __future__ import annotations

from dialogue.answer.smalltalk import Talk

ENGLISH: dict[Talk, tuple[str, ...]] = {
    Talk.GREETING: ("Hello, welcome! What would you like to know?", "Hi, I am here. Ask me about any product."),
    Talk.THANKS: ("You are welcome.", "My pleasure. Just ask if there is anything else."),
    Talk.BYE: ("Goodbye, and have a nice day!", "See you, come back any time."),
    Talk.ACKNOWLEDGE: ("All right. Is there anything else you would like to know?", "Sure, take your time. I am here."),
    Talk.PRAISE: ("Thank you, that is kind of you!", "Thank you, I am glad to hear that."),
    Talk.IDENTITY: (
        "I am the shop's AI assistant, not a person. Say “human” for a colleague.",
        "To be honest, I am an AI; my answers come from the shop's material. Say “human” for a person.",
    ),
    Talk.ABUSE: (
        "I understand that you are upset. Tell me what happened, and I will do what I can.",
        "Please tell me what went wrong, and I will help or fetch a colleague.",
    ),
    Talk.COMPLAINT: (
        "I am very sorry about that. I am passing it to a colleague right away.",
        "I apologise. I have noted it, and a colleague will take care of it.",
    ),
    Talk.REFUND: (
        "I understand that you want a refund. A colleague has to look at the order, I am passing you on.",
        "A colleague has to check the order for a refund. I am fetching one.",
    ),
    Talk.HUMAN: ("All right, I am fetching a colleague.", "Sure, I am passing you on to a colleague."),
    Talk.CONTACT: (
        "Received, your contact is noted. A colleague will get in touch.",
        "Thank you, it is noted. A colleague will contact you.",
    ),
    Talk.REFUSAL: ("No problem, just ask me here.", "That is all right. Ask me here whatever you like."),
    Talk.ORDER: (
        "I cannot see orders or parcels. Say “human”, and a colleague will look it up.",
        "Orders are looked up by a colleague. Say “human”, and I will pass you on.",
    ),
    Talk.ELSEWHERE: (
        "I am no good at that, I only know this shop. Which product may I tell you about?",
        "That is beyond me. Products, delivery and after-sales I can answer.",
    ),
}
"""Kind of small talk → its wordings."""
