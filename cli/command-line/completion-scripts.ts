// Completion scripts. Each shell hands the words typed so far to `agentmesh _complete`, which knows commands, options and ids.

const BASH = `# agentmesh completion for bash; put this in ~/.bashrc:  eval "$(agentmesh completion bash)"
_agentmesh() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("\${line%%$'\\t'*}"); done < <(
    agentmesh _complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
  )
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then compopt -o default 2>/dev/null; fi
}
complete -F _agentmesh agentmesh
`;

const ZSH = `#compdef agentmesh
# agentmesh completion for zsh; put this in ~/.zshrc:  eval "$(agentmesh completion zsh)"
_agentmesh() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(agentmesh _complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe agentmesh found; else _files; fi
}
compdef _agentmesh agentmesh
`;

const FISH = `# agentmesh completion for fish; put this in ~/.config/fish/completions/agentmesh.fish
function __agentmesh_complete
  set -l words (commandline -opc) (commandline -ct)
  agentmesh _complete -- $words[2..-1] 2>/dev/null
end
complete -c agentmesh -a '(__agentmesh_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
