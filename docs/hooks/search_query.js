/* Reads what a reader typed the way the index was written. docs/hooks/search_query.py puts this before Material's search worker. */
"use strict";
(() => {
  const HAN = /[\u4e00-\u9fff]+/g;
  const LUNR = /(^|\s)([+-] ?\S|(title|text|tags):)|["~^*\\]/; // who writes its signs means them
  const LATIN = /[a-z0-9_×]+/g;

  // Words that ask; what is asked about are the others.
  const ASKING = new Set(
    ("的 了 吗 呢 吧 么 是 有 会 要 能 用 和 与 跟 或 在 把 被 对 从 到 就 才 都 也 哪 几 我 它 请问 一下 一个 可以 应该 需要 还是 " +
      "什么 怎么 怎样 如何 为什么 为何 为啥 怎么样 哪些 哪个 哪里 多少 什么样 有什么 是什么 什么是 什么用 什么时候 是不是 能不能 会不会 要不要 意思 " +
      "a an the of to in on at for with from by as and or is are was were be been do does did can could should would will " +
      "i me my we you your it its this that these those there what why how when where which who vs").split(" "),
  );

  // Traditional characters that words of this field are written with, each before its simplified twin.
  const TRADITIONAL = new Map(
    ("層层積积網网絡络經经類类歸归標标準准異异離离圖图徵征數数學学習习訓训練练測测試试驗验證证論论斷断術术語语說说讀读寫写長长線线變变換换轉转擴扩張张擬拟過过殘残塊块連连鏈链損损誤误優优參参權权濾滤雜杂訊讯" +
      "聲声頻频譜谱範范圍围統统計计動动態态對对稱称導导遞递單单維维階阶輸输預预為为麼么會会嗎吗樣样還还個个這这裡里與与從从開开關关邊边緣缘應应區区徑径總总結结構构點点遠远選选擇择決决時时間间強强減减約约隨随" +
      "機机實实現现傳传進进後后見见獨独熱热溫温極极壓压縮缩據据環环設设備备穩稳棄弃輕轻爛烂漸渐鬆松滿满閾阈繪绘殼壳質质組组織织級级給给終终續续錯错鍵键鏡镜閉闭陣阵際际隱隐難难電电靈灵響响項项順顺顏颜顯显題题" +
      "風风飽饱馬马駐驻龐庞倉仓側侧偽伪傷伤僅仅價价億亿儘尽兩两內内凍冻幾几別别劃划勻匀勝胜勢势匯汇協协卻却廣广庫库彎弯彙汇徹彻恆恒憶忆懸悬戲戏戶户擊击擋挡擠挤攜携斂敛於于曆历條条業业樞枢樹树歷历殺杀氣气沒没" +
      "滯滞畫画發发盤盘確确碼码種种稅税窮穷筆笔節节簡简糾纠純纯紋纹細细編编緊紧蘊蕴處处虛虚號号衝冲複复規规視视覺觉觀观觸触訂订記记許许評评詞词詳详認认調调課课請请識识譯译議议讓让貝贝負负財财貫贯費费資资賴赖" +
      "贏赢跡迹軟软較较載载輪轮輯辑農农違违適适遷迁鄰邻釋释鉅巨錄录鑑鉴門门閱阅隊队雙双雖虽靜静韌韧頁页頂顶須须頭头願愿飛飞餘余體体麗丽齊齐")
      .match(/../gu)
      .map((pair) => [...pair]),
  );

  /** Full width to half, traditional to simplified, 1x1 as the pages write it, and Chinese apart from Latin. */
  const plain = (query) =>
    query
      .normalize("NFKC")
      .replace(/[\u4e00-\u9fff]/g, (character) => TRADITIONAL.get(character) ?? character)
      .replace(/(\d)\s?[xX*]\s?(?=\d)/g, "$1×")
      .replace(/[\u4e00-\u9fff]+/g, " $& ");

  /** What the index holds: its words, all that words begin with, and names of several words by their letters alone. */
  function vocabulary({ config, docs }) {
    const known = { words: new Set(ASKING), beginnings: new Set(ASKING), named: new Set(), joined: new Map() };
    known.separator = new RegExp(config.separator);
    for (const { title, text, tags = [] } of docs) {
      for (const word of wordsOf(`${title} ${tags.join(" ")}`)) begin(known.named, word);
      for (const word of wordsOf(`${title} ${text} ${tags.join(" ")}`)) {
        if (!known.words.has(word)) begin(known.beginnings, word);
        known.words.add(word);
      }
      for (const name of [title, ...tags]) {
        const spaced = name.toLowerCase();
        if (/^[a-z]+([\s_-][a-z0-9]+)+$/.test(spaced)) known.joined.set(spaced.replace(/[\s_-]/g, ""), spaced);
      }
    }
    return known;
  }

  const wordsOf = (text) => [...(text.match(HAN) ?? []), ...(text.toLowerCase().match(LATIN) ?? [])];

  function begin(beginnings, word) {
    for (let end = 1; end <= word.length; end++) beginnings.add(word.slice(0, end));
  }

  /** Cut Chinese into the longest words of the index; the last may be half typed. */
  function cut(run, { words, beginnings }) {
    const found = [];
    for (let from = 0, to; from < run.length; from = to) {
      to = run.length;
      while (to > from + 1 && !(to < run.length ? words : beginnings).has(run.slice(from, to))) to--;
      found.push(run.slice(from, to));
    }
    return found;
  }

  /** A Latin word in the form that the index has: maxpooling as two words, BatchNorm2d by its humps, no plural. */
  function latin(word, { words, beginnings, named, joined }) {
    const low = word.toLowerCase();
    if (low.length > 4 && !named.has(low)) {
      for (const [letters, spaced] of joined) if (letters.startsWith(low)) return begun(spaced, low.length).split(" ");
    }
    if (!beginnings.has(low) && /^[a-z]\w*$/i.test(word)) {
      const humps = word.replace(/\d+[dD]$/, "").match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g);
      if (humps) return humps;
    }
    return [/..[^siu]s$/.test(low) && words.has(low.slice(0, -1)) ? word.slice(0, -1) : word];
  }

  /** As much of a name as has been typed of its letters. */
  function begun(spaced, letters) {
    let end = 0;
    for (; letters; end++) letters -= /[^\s_-]/.test(spaced[end]);
    return spaced.slice(0, end).replaceAll("-", " ");
  }

  /** The words to search for, as Material and lunr read them. */
  function prepared(query, known) {
    const typed = plain(query);
    if (LUNR.test(typed)) return typed.replace(/ ?([\u4e00-\u9fff]+) ?/g, (_, run) => cut(run, known).map(escaped).join(" "));
    const parts = typed.split(known.separator).filter(Boolean);
    const words = parts.flatMap((part) => (/[\u4e00-\u9fff]/.test(part) ? cut : latin)(part, known));
    const meant = words.filter((word) => !ASKING.has(word.toLowerCase()));
    return (meant.length ? meant : words).map((word, _, all) => sign(word, known, all.length > 1)).join(" ");
  }

  /** Material would cut Chinese once more, and worse; not where each character stands behind a backslash. */
  const escaped = (word) => word.replace(/[\u4e00-\u9fff]/g, "\\$&");

  /**
   * A word asks for all that begins with it, but a single character beside others for itself: 层 is not 层归一化.
   * A single letter asks for names alone: every page has words that begin with it, and to mark them all takes a second.
   */
  function sign(word, { words }, accompanied) {
    if (/^[a-z]$/i.test(word)) return `title:${word} tags:${word}`;
    return escaped(word) + (accompanied && /^[\u4e00-\u9fff]$/.test(word) && words.has(word) ? "^1" : "");
  }

  const [SETUP, QUERY, RESULT] = [0, 2, 3]; // Material's messages to its worker and back
  const PAUSE = 30; // milliseconds: nobody sees them, and a phone that is behind catches up
  const [listen, say] = [self.addEventListener.bind(self), self.postMessage.bind(self)];
  let known, latest, answered;

  /** Answers what was asked last: who types on has no use for what the letters before would have found. */
  async function hear(event, answer) {
    const { type, data } = event.data;
    if (type === SETUP) known = vocabulary(data);
    if (type !== QUERY) return answer(event);
    latest = event;
    await new Promise((done) => setTimeout(done, PAUSE)); // what was typed meanwhile comes first
    if (latest !== event) return;
    answered = data;
    answer({ data: { type, data: prepared(data, known) } });
  }

  self.postMessage = (message) => say(message.type === RESULT ? { ...message, query: answered } : message);
  self.addEventListener = (type, answer, ...more) =>
    listen(type, type === "message" ? (event) => hear(event, answer) : answer, ...more);
})();
