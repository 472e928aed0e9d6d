"use strict";
// What the page says, in English and Chinese. Codes of the tables (statuses, flags) stay as the tables have them.
const WORDS = {
  en: {
    search: "Search text  ( / )", file: "File name", any_status: "Any status", any_flag: "Any flag",
    any_language: "Any language", any_mark: "Marked or not", any_way: "Any reading", unmarked: "Not marked",
    right: "Right", wrong: "Wrong", corrected: "Corrected", correct: "Correct", by_name: "By document",
    by_doubt: "Most doubtful first", no_flag: "No flag", no_language: "Language unknown", clear: "Clear filters",
    shown: (n, of) => `${n} of ${of} pages`, searching: "searching…",
    some: (n, of) => `the ${n} most doubtful of ${of} pages`, marked: (n, of) => `${n} of ${of} marked`,
    save: (n) => `Save marks (${n})`, page: "page", width: "Fit width", whole: "Whole page", real: "100 %",
    layout: "Layout", drawing: "drawing the page…", nothing: "No page fits these filters.",
    no_picture_here: "The picture of this page is not in this file: only those of the most doubtful pages are. " +
      "To see every page, open the results with: pagemill review --serve",
    no_picture: "No picture", reading: "reading…", no_text: "Nothing was read of this page.",
    shown_as: "Rendered", raw: "As read", mended: "Corrected", source: "On the page", target: "Translation",
    note: "Note (optional)", keep: "Save correction", cancel: "Cancel", reasoning: "The model's reasoning", notes: "Notes",
    found: "highlighted on the page", missing: "not in the page's text layer", unknown: "no text layer to tell by",
    quote: "the model quotes", on_page: "page", saved: "Saved", not_saved: "Not saved",
    by: (who) => `marked by ${who}`, model: "model", origin: "read by", operation: "operation", language: "language",
    tokens_in: "tokens in (image)", tokens_out: "out", cost: "cost", calls: "calls", ocr_score: "OCR confidence",
    stop_reason: "ended by", finished_at: "read at", keys: "Keys",
    help: [["j  ↓", "next page"], ["k  ↑", "previous page"], ["r", "right"], ["w", "wrong"], ["e", "correct the text"],
      ["Ctrl ⏎", "save the correction"], ["Esc", "cancel"], ["n", "next page that is not marked"], ["/", "search"],
      ["b", "layout boxes on, off"], ["z", "zoom"], ["t", "rendered, as read"], ["?", "these keys"]],
  },
  zh: {
    search: "搜索文字  ( / )", file: "文件名", any_status: "所有状态", any_flag: "所有标记", any_language: "所有语言",
    any_mark: "是否已审", any_way: "所有读取方式", unmarked: "未审", right: "正确", wrong: "错误", corrected: "已更正",
    correct: "更正", by_name: "按文档", by_doubt: "最可疑的在前", no_flag: "无标记", no_language: "语言未知",
    clear: "清除筛选", shown: (n, of) => `${n} / ${of} 页`, searching: "搜索中…",
    some: (n, of) => `共 ${of} 页，此处为最可疑的 ${n} 页`, marked: (n, of) => `已审 ${n} / ${of}`,
    save: (n) => `保存审阅结果（${n}）`, page: "第", width: "适合宽度", whole: "整页", real: "100 %", layout: "版面框",
    drawing: "正在绘制页面…", nothing: "没有符合条件的页面。",
    no_picture_here: "此文件不含本页图像，只含最可疑页面的图像。查看全部页面请运行：pagemill review --serve",
    no_picture: "无图像", reading: "读取中…", no_text: "本页未读出任何内容。", shown_as: "排版", raw: "原文", mended: "更正",
    source: "页面原文", target: "译文", note: "备注（可选）", keep: "保存更正", cancel: "取消", reasoning: "模型的推理",
    notes: "说明", found: "已在页面上标出", missing: "页面文字层中没有", unknown: "无文字层可供核对", quote: "模型引文",
    on_page: "页", saved: "已保存", not_saved: "未能保存", by: (who) => `审阅人：${who}`, model: "模型", origin: "读取方式",
    operation: "操作", language: "语言", tokens_in: "输入词元（图像）", tokens_out: "输出", cost: "费用", calls: "调用",
    ocr_score: "OCR 置信度", stop_reason: "结束原因", finished_at: "读取时间", keys: "快捷键",
    help: [["j  ↓", "下一页"], ["k  ↑", "上一页"], ["r", "正确"], ["w", "错误"], ["e", "更正文字"], ["Ctrl ⏎", "保存更正"],
      ["Esc", "取消"], ["n", "下一个未审页面"], ["/", "搜索"], ["b", "显示或隐藏版面框"], ["z", "缩放"], ["t", "排版或原文"],
      ["?", "快捷键"]],
  },
};
let tongue = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
const say = (name, ...values) => {
  const words = WORDS[tongue][name];
  return typeof words === "function" ? words(...values) : words ?? name;
};
// Everything on the page is made by this: text goes in as text.
const make = (tag, given = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
};
const at = (id) => document.getElementById(id);
