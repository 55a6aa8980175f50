// Simplified Chinese texts of approvals.
import type { Catalogue } from './en.ts';

const n0 = (n: number): string => n.toLocaleString('zh-CN');

export const zhCNApproval: Pick<Catalogue, 'approval'> = {
  approval: {
    needsYou: (n) => `需要您处理（${n0(n)}）`,
    wantsTool: (agent, tool) => `${agent} 请求使用 ${tool}`,
    wants: (agent) => `${agent} 请求许可`,
    asks: (agent) => `${agent} 提出问题`,
    ownWords: '智能体自己的说法',
    operation: '它要执行的完整操作',
    showAll: (n) => `显示全部 ${n0(n)} 行`,
    showLess: '收起部分',
    fingerprint: 'SHA-256 指纹',
    asked: '提出于',
    left: '剩余时间',
    answer: '您的回答',
    answerHint: '回答会发送给智能体并写入日志。',
    once: '仅允许这一次。记录为本地、未签名的决定。',
    deny: '拒绝',
    approve: '批准',
    sendAnswer: '发送回答',
    resolving: '正在告知守护进程…',
    unsure: '守护进程没有响应，正在查询结果…',
    failed: '未能作出决定',
    run: '运行',
    step: '步骤',
    open: '查看并决定',
    fold: '折叠',
    approvedHere: '已批准，智能体继续执行。',
    rejectedHere: '已拒绝，并已告知智能体。',
    approvedElsewhere: '已在别处批准',
    rejectedElsewhere: '已在别处拒绝',
    expired: '已过期：没有人及时决定。',
    withdrawn: '不再请求：运行已结束，或已在别处得到答复。',
    by: (who) => `由 ${who} 决定`,
    words: {
      'waiting-approval': '等待您决定',
      'approval-approved': '已批准',
      'approval-rejected': '已拒绝',
      'approval-refused': '已驳回：无法完整显示',
      'approval-expired': '审批已过期',
      'approval-withdrawn': '不再请求',
    },
  },
};
