// The error catalogue in Simplified Chinese: what happened, and what to do. English stands in machines/nouns/error-codes.ts.
import type { ErrorCode } from '#machines/nouns/error-codes';

/** What happened, and what to do. */
export type ErrorText = readonly [title: string, remedy: string];

/** A code that is missing here is shown in English; a spec sees to it that none is. */
export const ERRORS_ZH_CN: Readonly<Partial<Record<ErrorCode, ErrorText>>> = {
  bad_request: ['无法理解该请求', '请更正指出的字段后重新发送。'],
  invalid_json: ['请求正文不是有效的 JSON', '请以 Content-Type: application/json 发送一个 JSON 对象。'],
  invalid_event: ['这不是 EventV1 记录', '记录格式见 docs/event-v1.md；`kind` 和 `run_id` 必填。'],
  unsupported_schema_version: ['不认识该 schema_version', '请发送 schema_version "1"。'],
  payload_too_large: ['请求正文过大', '请减少内容，或将大内容存为产物。'],
  unsupported_media_type: ['只接受 JSON', '请使用 Content-Type: application/json。'],
  host_refused: ['Host 头不属于该守护进程', '请使用 `agentmesh status` 显示的地址。'],
  origin_refused: ['拒绝来自其他网页的请求', '请用 `agentmesh status` 显示的地址打开控制台。'],
  forbidden: ['调用者无权执行此操作', '请使用本地套接字，或联系守护进程的所有者。'],
  not_found: ['没有该对象', '请检查编号；可从 `agentmesh runs list` 复制。'],
  method_not_allowed: ['路径存在，但不支持该方法', '各路径支持的方法见 /openapi.json。'],
  id_conflict: ['已存在编号相同但内容不同的事件', '新的内容请使用新的编号。'],
  idempotency_conflict: ['该 Idempotency-Key 已用于另一个请求', '新的请求请使用新的键。'],
  not_enabled: ['运行在当前状态下不接受此事件', '响应中列出了当前可用的事件。'],
  unknown_agent: ['没有这个名称的智能体', '请先运行 `agentmesh discover`，再运行 `agentmesh agents`。'],
  ambiguous_agent: ['有多个智能体符合', '请使用其中一个的完整名称。'],
  unknown_run: ['没有这个编号的运行', '可用 `agentmesh runs list` 列出运行。'],
  unknown_template: ['没有这个名称的团队模板', '可用 `agentmesh team list` 列出模板。'],
  invalid_template: ['团队模板有错误', '请更正指出的行；`agentmesh team check FILE` 会列出全部错误。'],
  not_supported_yet: [
    '模板使用了当前版本尚不能运行的功能',
    '请移除该功能或等待支持的版本；见 docs/teams.md。',
  ],
  invalid_input: [
    '某个输入或引用的输出缺失或类型不符',
    '请用 --input name=value 提供，或更正提示词中的引用。',
  ],
  machine_mismatch: ['创建该运行的状态机已不再匹配', '请安装创建它的版本，或取消后重新启动。'],
  machine_error: ['该运行的状态机抛出了错误', '请附上追踪记录报告；引发错误的事件已保留。'],
  agent_unreachable: ['无法连接智能体', '请启动该智能体，然后运行 `agentmesh discover`。'],
  agent_failed: ['智能体报告失败', '请在 `agentmesh trace RUN` 中查看智能体的消息。'],
  agent_rejected: ['智能体拒绝了任务', '请在 `agentmesh trace RUN` 中查看智能体的消息。'],
  agent_needs_input: ['智能体需要此处无人能提供的信息', '请写进提示词后重新运行。'],
  invalid_agent_response: ['智能体的响应不符合其协议', '请检查智能体的版本；`agentmesh doctor` 可以探测。'],
  invalid_card: ['智能体名片无法使用', '请检查 URL；名片须为不超过 1 MiB 的 JSON，并含名称和接口。'],
  agent_untrusted: [
    '尚无人信任该智能体',
    '请用 `agentmesh agents get NAME` 查看；确认后运行 `agentmesh agents trust NAME`，否则不必理会。',
  ],
  agent_changed: [
    '该智能体已不是当初信任的那一个',
    '请用 `agentmesh agents get NAME` 查看变化；用 `agentmesh agents trust NAME` 接受，或将其移除。',
  ],
  card_signature_invalid: [
    '智能体名片的签名有误',
    '请勿使用，并询问其运行者。`agentmesh discover` 会重新读取名片。',
  ],
  unsupported_agent_kind: ['没有适用于这种智能体的适配器', '请使用 `agentmesh doctor` 列出的类型。'],
  auth: ['智能体不接受该凭据', '请在 bootstrap.json 中为该智能体提供新的令牌。'],
  timeout: ['超过时间限制', '请提高时间限制，或在追踪记录中查明耗时原因。'],
  cancelled: ['已被取消', '如仍需要，请重新启动。'],
  outcome_unknown: [
    '守护进程在智能体工作时停止，且智能体无法说明结果',
    '请查看智能体做了什么；on_unknown 决定是否重新运行。',
  ],
  output_invalid: ['输出与其模式不符', '请更正提示词、模式或智能体；追踪记录显示了差异。'],
  budget_exceeded: ['预算已用完', '请在模板中提高预算后重新启动。'],
  daemon_unreachable: ['守护进程没有响应', '请用 `agentmesh up` 启动它。'],
  daemon_running: ['该数据目录上已有守护进程在运行', '请使用它，或用 `agentmeshd stop` 停止它。'],
  port_in_use: ['端口已被占用', '请用 --port 选择其他端口，或停止占用它的程序。'],
  older_daemon: ['旧版 AgentMesh 守护进程仍占用该目录或端口', '请先停止它；方法见 docs/migration.md。'],
  data_newer: ['数据目录由更新的版本写入', '请使用该版本，或换一个数据目录。'],
  nothing_discovered: ['没有找到智能体', '请用 `agentmesh agents add URL` 添加，或试试 `agentmesh demo`。'],
  disk_full: ['磁盘已满', '请释放空间；已确认的内容不会丢失。'],
  storage_failed: ['无法写入数据库', '请检查磁盘和数据目录；`agentmesh doctor` 可以帮助诊断。'],
  log_mismatch: [
    '数据表与 events.jsonl 不一致',
    '`agentmesh verify` 指出有差异的行；`agentmeshd rebuild` 可由日志重建数据表。',
  ],
  other_log: ['游标属于另一份日志', '请从头重新读取；该地址后的数据目录或守护进程已被替换。'],
  too_many_streams: ['守护进程的事件流数量已达上限', '请关闭一些；每个程序一个事件流即可。'],
  stopping: ['守护进程正在停止', '请在它恢复后重试。'],
  internal: ['内部发生错误', '请附上 agentmeshd.log 中该时刻的内容报告。'],
};
