import socket
import json

def qmp_command(sock, command: str, arguments: dict = None):
    """发送QMP命令"""
    cmd = {"execute": command}
    if arguments:
        cmd["arguments"] = arguments
    
    sock.sendall((json.dumps(cmd) + '\n').encode())
    response = sock.recv(4096)
    return json.loads(response)

# 连接QMP
sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
sock.connect('/var/run/qemu-server/100.qmp')

# 读取欢迎消息
welcome = sock.recv(4096)
print(json.loads(welcome))

# 执行能力协商
qmp_command(sock, 'qmp_capabilities')

# 查询虚拟机状态
status = qmp_command(sock, 'query-status')
print(f"VM状态: {status}")

# 关闭连接
sock.close()
