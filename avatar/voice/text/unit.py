"""Units, currencies and measure words of shops, as they are written and said."""

from __future__ import annotations

from collections.abc import Mapping

UNITS: Mapping[str, str] = {
    "ml": "毫升", "mL": "毫升", "ML": "毫升", "l": "升", "L": "升", "cl": "厘升", "g": "克", "kg": "千克",
    "KG": "千克", "Kg": "千克", "mg": "毫克", "μg": "微克", "ug": "微克", "t": "吨", "m": "米", "cm": "厘米",
    "CM": "厘米", "mm": "毫米", "MM": "毫米", "km": "公里", "nm": "纳米", "μm": "微米", "mAh": "毫安时",
    "mah": "毫安时", "MAH": "毫安时", "Ah": "安时", "Wh": "瓦时", "kWh": "千瓦时", "W": "瓦", "kW": "千瓦",
    "KW": "千瓦", "V": "伏", "A": "安", "mA": "毫安", "Hz": "赫兹", "HZ": "赫兹", "kHz": "千赫兹", "MHz": "兆赫兹",
    "GHz": "吉赫兹", "dB": "分贝", "db": "分贝", "lm": "流明", "lux": "勒克斯", "Lux": "勒克斯", "Pa": "帕",
    "kPa": "千帕",
    "MPa": "兆帕", "N": "牛", "kcal": "千卡", "kJ": "千焦", "cal": "卡", "rpm": "转每分钟", "°C": "摄氏度",
    "℃": "摄氏度", "°F": "华氏度", "°": "度", "km/h": "公里每小时", "m/s": "米每秒", "h": "小时", "H": "小时",
    "min": "分钟", "s": "秒", "ms": "毫秒", "px": "像素", "ppm": " P P M", "GB": " G B", "TB": " T B", "MB": " M B",
    "KB": " K B", "G": " G", "T": " T", "K": " K", "Mbps": "兆", "Gbps": "千兆", "平方厘米": "平方厘米",
    "平方公里": "平方公里", "立方厘米": "立方厘米", "inch": "英寸", "英寸": "英寸", "寸": "寸", "厘米": "厘米",
    "毫米": "毫米", "米": "米", "公里": "公里", "毫升": "毫升", "升": "升", "克": "克", "千克": "千克",
    "公斤": "公斤", "斤": "斤", "吨": "吨", "瓦": "瓦", "平方米": "平方米", "平米": "平米", "平方": "平方",
    "立方米": "立方米", "毫安": "毫安", "毫安时": "毫安时", "摄氏度": "摄氏度", "度": "度", "小时": "小时",
    "分钟": "分钟", "秒": "秒", "天": "天", "流明": "流明",
}  # fmt: skip
"""Unit as written after a number → as said. A leading blank keeps letters apart from the number."""

CURRENCIES: Mapping[str, str] = {
    "HK$": "港币", "US$": "美元", "RMB": "元", "CNY": "元", "USD": "美元", "¥": "元", "￥": "元", "$": "美元",
    "€": "欧元", "£": "英镑",
}  # fmt: skip
"""Sign before an amount → word after it."""

MEASURE_WORDS: tuple[str, ...] = tuple(
    "个月 个 件 条 双 套 只 把 张 台 瓶 盒 包 袋 箱 份 本 支 枝 块 片 根 颗 粒 杯 碗 天 年 周 小时 分钟 "
    "秒 次 人 位 家 层 种 款 倍 万 千 亿 单 组 对 串 卷 筒 罐 桶 听 扇 盏 副 顶 朵 棵 头 匹 名 届 轮 场 "
    "盘 节 步 点 岁 刻 分 门 星期 期 代 者 样 排 批 折页 抽 挡 档 挂 幅 床 座 间 匙 勺 滴 板 格 股 箩 里 "
    "亩 页 集 段 句 行 列 圈 趟 遍 下 口 针 路 餐 晚 夜 世 成".split()
)
"""Words before which a plain 2 is 两."""
