namespace Chat.Web.Client.Layout;

/// <summary>What lies over the chat; one at a time.</summary>
public enum ChatDialog
{
    None,
    NewRoom,
    Browse,
    Direct,
    Switcher,
    Search,
    Room,
}
